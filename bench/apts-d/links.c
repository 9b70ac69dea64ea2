/*
 * A network of slow links: hosts around one switch, in user space, where the kernel has no netem.
 *
 *     cc -O2 -o links links.c && ./links MICROSECONDS BITS_PER_SECOND INTERFACE...
 *
 * Makes the TAP interfaces and carries frames from each to all others, until it is killed. A frame takes its time on the
 * wire of its sender, then the delay, one way; the wire of its receiver passes it on while it arrives. Each wire carries one
 * frame at a time in each direction. Says "ready" on standard output when the interfaces are there.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum { MOST = 64, OFFLOAD = 10 /* struct virtio_net_hdr */, LARGEST = OFFLOAD + 65536 + 64 };

typedef struct frame {
  struct frame *next;
  int64_t due;
  int size;
  unsigned char bytes[];
} frame;

static int ports, descriptor[MOST];
/* When the wire of a port is free again, towards the switch and from it; and what waits to leave there, soonest first. */
static int64_t free_in[MOST], free_out[MOST];
static frame *first[MOST], **last[MOST];

static int64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static int64_t later(int64_t a, int64_t b) { return a > b ? a : b; }

/* The port behind which an address was seen; -1: all of them. */
static int port_of(const unsigned char *address, int learn) {
  static unsigned char known[256][6];
  static int behind[256], count;
  int i = 0;
  if (address[0] & 1) return -1;
  while (i < count && memcmp(known[i], address, 6)) i++;
  if (learn >= 0 && i < 256) {
    if (i == count) memcpy(known[count++], address, 6);
    behind[i] = learn;
  }
  return i < count ? behind[i] : -1;
}

static void carry(int from, const unsigned char *bytes, int size, int64_t delay, double nanoseconds_per_byte) {
  int64_t wire = (int64_t)(nanoseconds_per_byte * (size - OFFLOAD));
  int64_t arrives = free_in[from] = later(now(), free_in[from]) + wire;
  port_of(bytes + OFFLOAD + 6, from);
  int only = port_of(bytes + OFFLOAD, -1);
  for (int to = 0; to < ports; to++) {
    if (to == from || (only >= 0 && to != only)) continue;
    frame *f = malloc(sizeof *f + size);
    if (!f) continue;
    f->next = 0;
    f->due = free_out[to] = later(arrives + delay, free_out[to] + wire);
    f->size = size;
    memcpy(f->bytes, bytes, size);
    *last[to] = f;
    last[to] = &f->next;
  }
}

int main(int count, char **arguments) {
  static unsigned char bytes[LARGEST];
  struct pollfd polled[MOST];
  if (count < 4 || count - 3 > MOST) return 2;
  int64_t delay = strtoll(arguments[1], 0, 10) * 1000;
  double nanoseconds_per_byte = 8e9 / strtod(arguments[2], 0);
  for (ports = 0; ports < count - 3; ports++) {
    struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR};
    strncpy(request.ifr_name, arguments[3 + ports], IFNAMSIZ - 1);
    descriptor[ports] = open("/dev/net/tun", O_RDWR | O_NONBLOCK);
    if (descriptor[ports] < 0 || ioctl(descriptor[ports], TUNSETIFF, &request) < 0) {
      perror(arguments[3 + ports]);
      return 1;
    }
    ioctl(descriptor[ports], TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6);
    polled[ports] = (struct pollfd){.fd = descriptor[ports], .events = POLLIN};
    last[ports] = &first[ports];
  }
  puts("ready");
  fflush(stdout);
  for (;;) {
    int64_t soonest = -1, time = now();
    for (int p = 0; p < ports; p++) {
      while (first[p] && first[p]->due <= time) {
        frame *f = first[p];
        if (!(first[p] = f->next)) last[p] = &first[p];
        if (write(descriptor[p], f->bytes, f->size) < 0) { /* the host is down: the frame is lost */ }
        free(f);
      }
      if (first[p] && (soonest < 0 || first[p]->due < soonest)) soonest = first[p]->due;
    }
    int64_t wait = soonest < 0 ? -1 : later(0, soonest - now());
    struct timespec timeout = {wait / 1000000000, wait % 1000000000};
    if (ppoll(polled, ports, wait < 0 ? 0 : &timeout, 0) < 0 && errno != EINTR) return 1;
    for (int p = 0; p < ports; p++) {
      for (int size; (size = read(descriptor[p], bytes, sizeof bytes)) > OFFLOAD + 14;)
        carry(p, bytes, size, delay, nanoseconds_per_byte);
    }
  }
}

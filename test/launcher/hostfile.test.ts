import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseHostfile, readHostfile } from "../../launcher/hostfile.js";
import { UsageError } from "../../src/errors.js";
import { APTS, temporaryFolder } from "../helpers/apts.js";

const parse = (text: string) => parseHostfile(text, "hosts.txt");

describe("parseHostfile", () => {
  it("reads Open MPI's format", () => {
    const text =
      "# under the desk\nnode1 slots=4 gpus=2 # the big one\n\n  user@node2.example.org\tslots=2\r\n";
    expect(parse(text)).toEqual([
      { name: "node1", slots: 4, gpus: 2 },
      { name: "user@node2.example.org", slots: 2 },
    ]);
  });

  it("reads plain lists, IPv6 addresses among them", () => {
    expect(parse("a\nb\nfe80::1%eth0\n::1\n[fd00::2]")).toEqual(
      ["a", "b", "fe80::1%eth0", "::1", "fd00::2"].map((name) => ({ name })),
    );
  });

  it.each([
    ["a slots = 2 max_slots =4\n", { name: "a", slots: 2 }],
    ["a max-slots=2 slots= 2", { name: "a", slots: 2 }],
    ["a cpus=2", { name: "a", slots: 2 }],
    ["\uFEFFa slots=2\r\n", { name: "a", slots: 2 }],
    ["a:8", { name: "a", slots: 8 }],
    ["me@a:8 gpus=2", { name: "me@a", slots: 8, gpus: 2 }],
    ["[::1]:2", { name: "::1", slots: 2 }],
    ["10.0.0.1:2", { name: "10.0.0.1", slots: 2 }],
  ])("reads the dialect of %j", (text, host) => {
    expect(parse(text)).toEqual([host]);
  });

  it("reads SLURM's node lists", () => {
    expect(parse("gpu[01-03,7],login")).toEqual(
      ["gpu01", "gpu02", "gpu03", "gpu7", "login"].map((name) => ({ name })),
    );
    expect(parse("n[1-2]:4")).toEqual([
      { name: "n1", slots: 4 },
      { name: "n2", slots: 4 },
    ]);
  });

  it("adds up the slots of a host on several lines", () => {
    expect(parse("a\nb\na\na")).toEqual([{ name: "a", slots: 3 }, { name: "b" }]);
    expect(parse("a slots=2 gpus=1\na slots=3")).toEqual([{ name: "a", slots: 5, gpus: 1 }]);
  });

  it.each([
    ["a\nb slots=x", 'hosts.txt:2:3: Expected slots= to be a positive integer, got "x".'],
    ["a slots=0", 'hosts.txt:1:3: Expected slots= to be a positive integer, got "0".'],
    ["a slots=100000000", 'hosts.txt:1:3: Expected slots= to be at most 4096, got "100000000".'],
    ["a:0", 'hosts.txt:1:1: Expected the number behind the colon to be a positive integer, got "0".'],
    ["a:b", 'hosts.txt:1:1: Expected the number behind the colon to be a positive integer, got "b".'],
    ["a:b:c", 'hosts.txt:1:1: Expected a host name, got "a:b:c".'],
    ["a:2 slots=3", 'hosts.txt:1:1: Expected the number of slots once, got "a:2" and slots=3.'],
    [
      "a slots=4 max_slots=2",
      "hosts.txt:1:1: Expected slots= of at most max_slots=2, got slots=4. slots= is what apts uses.",
    ],
    [
      "a max_slots=2",
      "hosts.txt:1:1: Expected slots= of at most max_slots=2, got no slots=. slots= is what apts uses.",
    ],
    [
      "+n0 slots=2",
      'hosts.txt:1:1: Expected a host name, got "+n0": nodes relative to others, or to leave out, are known to Open MPI alone.',
    ],
    [
      "n[2-1]",
      'hosts.txt:1:1: Expected a host name, got "n[2-1]": Expected numbers or rising ranges of them in the brackets of a SLURM node list, got "2-1" in "n[2-1]".',
    ],
    ["n[1-2", 'hosts.txt:1:1: Expected a host name, got "n[1-2": Expected a SLURM node list, got "n[1-2".'],
    ["a gpus=-1", 'hosts.txt:1:3: Expected gpus= to be an integer from 0, got "-1".'],
    [
      "\n   a  cores=3",
      'hosts.txt:2:7: Expected slots=COUNT or gpus=COUNT after the host name, got "cores=3".',
    ],
    ["a slots =", 'hosts.txt:1:3: Expected slots=COUNT or gpus=COUNT after the host name, got "slots".'],
    [
      "a ifname=eth0",
      'hosts.txt:1:3: Expected slots=COUNT or gpus=COUNT after the host name, got "ifname=eth0".',
    ],
    [
      "a toString=1",
      'hosts.txt:1:3: Expected slots=COUNT or gpus=COUNT after the host name, got "toString=1".',
    ],
    ["a 4", 'hosts.txt:1:3: Expected slots=COUNT or gpus=COUNT after the host name, got "4".'],
    ["a slots=1 slots=2", 'hosts.txt:1:11: Expected slots= once for a host, got it again: "slots=2".'],
    ["-oProxyCommand=evil", 'hosts.txt:1:1: Expected a host name, got "-oProxyCommand=evil".'],
    ["# nothing\n", "Expected at least one host in hosts.txt, found none."],
  ])("says what is wrong with %j, and where", (text, message) => {
    expect(() => parse(text)).toThrow(new UsageError(message));
  });

  it("names a file it cannot read", async () => {
    await expect(readHostfile("/nowhere/hosts.txt")).rejects.toThrow(
      "Expected a host file at /nowhere/hosts.txt, but there is none.",
    );
  });
});

describe("apts train --hostfile", () => {
  it.each(["127.0.0.1:2", "::1 slots=2", "[::1]:2", "localhost slots = 2 max_slots=4"])(
    "runs on this host, called %s, without ssh",
    (text) => {
      const file = join(temporaryFolder(), "hosts");
      writeFileSync(file, text);
      const command = [APTS, "train", "--hostfile", file, "--dry-run"];
      const { status, stdout, stderr } = spawnSync(process.execPath, command, { encoding: "utf8" });
      expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
      expect(stdout.match(/^│ \d/gm)).toHaveLength(2);
    },
  );
});

import { describe, expect, it } from "vitest";
import { parseHostfile, readHostfile } from "../../launcher/hostfile.js";
import { UsageError } from "../../src/errors.js";

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
    expect(parse("a\nb\nfe80::1%eth0")).toEqual([{ name: "a" }, { name: "b" }, { name: "fe80::1%eth0" }]);
  });

  it("adds up the slots of a host on several lines", () => {
    expect(parse("a\nb\na\na")).toEqual([{ name: "a", slots: 3 }, { name: "b" }]);
    expect(parse("a slots=2 gpus=1\na slots=3")).toEqual([{ name: "a", slots: 5, gpus: 1 }]);
  });

  it.each([
    ["a\nb slots=x", 'hosts.txt:2:3: Expected slots= to be a positive integer, got "x".'],
    ["a slots=0", 'hosts.txt:1:3: Expected slots= to be a positive integer, got "0".'],
    ["a gpus=-1", 'hosts.txt:1:3: Expected gpus= to be an integer from 0, got "-1".'],
    [
      "\n   a  cores=3",
      'hosts.txt:2:7: Expected slots=COUNT or gpus=COUNT after the host name, got "cores=3".',
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

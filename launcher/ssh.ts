/**
 * The command that runs `command` on `host` through the system's ssh: the user's configuration, keys and ports apply.
 *
 * Nothing can be asked for (BatchMode): a host that wants a password is an error, not a hang. A dead connection is
 * noticed after 6 s. No terminal: the remote end learns of our end by the end of its standard input.
 */
export function sshCommand(host: string, command: readonly string[]): string[] {
  const options = {
    BatchMode: "yes",
    ConnectTimeout: 10,
    ServerAliveInterval: 2,
    ServerAliveCountMax: 3,
    ControlMaster: "no", // a master would live on behind our back; an existing one is used
    ForwardX11: "no",
  };
  const settings = Object.entries(options).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
  return ["ssh", "-T", ...settings, host, `exec ${command.map(quote).join(" ")}`];
}

/** Quoted for any login shell. */
function quote(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

/** What a person is told in one line: `what: why; try this` (pages.md, Terminal). */
export class Fault extends Error {
  readonly exitCode: 1 | 2;

  /** The server is away or has too much to do: the same may work in a while. */
  readonly mayPass: boolean;

  constructor(exitCode: 1 | 2, line: string, mayPass = false) {
    super(line);
    this.name = 'Fault';
    this.exitCode = exitCode;
    this.mayPass = mayPass;
  }
}

/** The command was written wrongly: exit code 2. */
export const usage = (what: string, why: string, tryThis: string): Fault => new Fault(2, `${what}: ${why}; ${tryThis}`);

/** The command could not be done: exit code 1. */
export const failure = (what: string, why: string, tryThis: string): Fault => new Fault(1, `${what}: ${why}; ${tryThis}`);

/** The server does not know this operator, or does not let them in; nothing else will work either. */
export class NotAdmitted extends Fault {
  constructor(line: string) {
    super(1, line);
    this.name = 'NotAdmitted';
  }
}

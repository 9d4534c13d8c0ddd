/** Where text goes: a terminal, a pipe, or a test's array. */
export interface Out {
  write(text: string): unknown;
  readonly isTTY?: boolean;
}

/** All that the program knows of the world; a test makes one of its own. */
export interface Surroundings {
  /** Arguments, without the interpreter and the script. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly stdout: Out;
  readonly stderr: Out;
  readonly fetch: typeof fetch;
  /** Calls once on Ctrl-C, instead of ending at once; returns what takes that back. A second Ctrl-C ends at once. */
  readonly onInterrupt: (listener: () => void) => () => void;
}

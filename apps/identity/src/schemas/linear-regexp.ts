import { parsePattern, type Pattern } from './pattern.ts';

/** One step of a program. `to` are the steps that may come next without reading a character. */
type Step =
  | { readonly kind: 'character'; readonly character: number }
  | { readonly kind: 'start' | 'end'; to: number }
  | { readonly kind: 'split'; to: number[] }
  | { readonly kind: 'match' };

const mostSteps = 1000;

/**
 * A regular expression whose test takes time in the length of the text times its own size, whatever either is: all ways
 * through it are gone at once (Thompson's construction), never one after the other. A pattern of an operator must not
 * be a way to stop the process with a text (CWE-1333).
 */
export class LinearRegExp {
  readonly #steps: Step[] = [];
  readonly #characters: RegExp[] = [];

  constructor(private readonly text: string) {
    this.#write(parsePattern(text), new Map());
    this.#add({ kind: 'match' });
  }

  /** Ajv takes expressions of the same name for one another. */
  toString(): string {
    return `/${this.text}/`;
  }

  /** What one character costs. */
  get size(): number {
    return this.#steps.length;
  }

  test(text: string): boolean {
    const characters = [...text];
    let current = new Set<number>();
    for (const [at, character] of characters.entries()) {
      // A match may begin anywhere.
      if (this.#follow(current, 0, at === 0, false)) return true;
      current = this.#read(current, character);
      const isLast = at === characters.length - 1;
      const reached = new Set<number>();
      for (const step of current) if (this.#follow(reached, step, false, isLast)) return true;
      current = reached;
    }
    return this.#follow(current, 0, characters.length === 0, true);
  }

  /** Adds a step and those that it leads to; whether the end of the program is among them. */
  #follow(reached: Set<number>, from: number, isStart: boolean, isEnd: boolean): boolean {
    const open = [from];
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      if (reached.has(at)) continue;
      reached.add(at);
      const step = this.#steps[at];
      if (step?.kind === 'match') return true;
      if (step?.kind === 'split') open.push(...step.to);
      if ((step?.kind === 'start' && isStart) || (step?.kind === 'end' && isEnd)) open.push(step.to);
    }
    return false;
  }

  #read(current: ReadonlySet<number>, character: string): Set<number> {
    const judged: (boolean | undefined)[] = [];
    const next = new Set<number>();
    for (const at of current) {
      const step = this.#steps[at];
      if (step?.kind !== 'character') continue;
      judged[step.character] ??= this.#characters[step.character]?.test(character) ?? false;
      if (judged[step.character]) next.add(at + 1);
    }
    return next;
  }

  #add(step: Step): number {
    if (this.#steps.length >= mostSteps) throw new Error(`is too large: its repetitions written out have more than ${mostSteps} steps`);
    return this.#steps.push(step) - 1;
  }

  /** Writes the steps of a part; what comes next is the step after them. */
  #write(pattern: Pattern, known: Map<string, number>): void {
    if (pattern.kind === 'character') this.#add({ kind: 'character', character: this.#character(pattern.source, known) });
    else if (pattern.kind === 'sequence') for (const part of pattern.parts) this.#write(part, known);
    else if (pattern.kind === 'choice') this.#writeChoice(pattern.parts, known);
    else if (pattern.kind === 'repeat') this.#writeRepeat(pattern, known);
    else this.#add({ kind: pattern.kind, to: this.#steps.length + 1 });
  }

  #writeChoice(parts: readonly Pattern[], known: Map<string, number>): void {
    const [only, ...others] = parts;
    if (only && others.length === 0) {
      this.#write(only, known);
      return;
    }
    const split = { kind: 'split' as const, to: [] as number[] };
    const ends: { to: number[] }[] = [];
    this.#add(split);
    for (const part of parts) {
      split.to.push(this.#steps.length);
      this.#write(part, known);
      const end = { kind: 'split' as const, to: [] };
      this.#add(end);
      ends.push(end);
    }
    for (const end of ends) end.to.push(this.#steps.length);
  }

  #writeRepeat({ part, least, most }: Extract<Pattern, { kind: 'repeat' }>, known: Map<string, number>): void {
    for (let time = 0; time < least; time += 1) this.#write(part, known);
    const splits: { to: number[] }[] = [];
    for (let time = least; time < (most === Infinity ? least + 1 : most); time += 1) {
      const split = { kind: 'split' as const, to: [this.#steps.length + 1] };
      const at = this.#add(split);
      splits.push(split);
      this.#write(part, known);
      if (most === Infinity) this.#add({ kind: 'split', to: [at] });
    }
    for (const split of splits) split.to.push(this.#steps.length);
  }

  #character(source: string, known: Map<string, number>): number {
    const at = known.get(source) ?? this.#characters.push(new RegExp(`^${source}$`, 'u')) - 1;
    known.set(source, at);
    return at;
  }
}

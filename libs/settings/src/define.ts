/** One setting: behaviour that an operator may change while the service runs (house.md, "Who owns what"). */
export interface Definition<T = unknown> {
  readonly default: T;
  /** For operators: what it does and in which unit. */
  readonly description: string;
  /** Reads a JSON value; throws an `Error` whose message says what would be right. Left out: by the default's type. */
  parse?(value: unknown): T;
  /**
   * Whether this value weakens a public server: refused when the issuer is https, unless forced. (A method, so that
   * definitions of every type are definitions of `unknown`: each is used with its own values only.)
   */
  weakens?(value: T): boolean;
}

export type Definitions = Readonly<Record<string, Definition>>;

/** A default of `true` stands for any flag, one of 300 for any number. */
type Widened<T> = T extends boolean ? boolean : T extends number ? number : T extends string ? string : T;

export type ValueOf<D extends Definitions, N extends keyof D> = Widened<D[N]['default']>;

/** The settings of one owner, with their types kept. */
export function defineSettings<const D extends Definitions>(definitions: D): D {
  return definitions;
}

/** Reads a JSON value for a definition; throws an `Error` for the operator. */
export function parseValue(definition: Definitions[string], value: unknown): unknown {
  if (definition.parse) return definition.parse(value);
  const type = typeof definition.default;
  if (typeof value !== type) throw new Error(`must be a JSON ${type}`);
  if (type === 'number' && !(Number.isSafeInteger(value) && Number(value) >= 0)) {
    throw new Error('must be a whole number of at least 0');
  }
  return value;
}

/** The texts of an error and of its causes, as far as an operator needs them. */
export function errorText(error: unknown): string {
  const texts: string[] = [];
  for (let one: unknown = error; one instanceof Error && texts.length < 4; one = one.cause) texts.push(one.message);
  return (texts.length > 0 ? texts.join(': ') : String(error)).slice(0, 500);
}

/** A well-formed language tag, as far as its grammar of subtags goes (RFC 5646 §2.1). */
export function isLanguageTag(text: string): boolean {
  return text.length <= 35 && /^[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*$/.test(text);
}

/** `ui_locales` (OpenID Connect Core §3.1.2.1): for the pages only, so nothing in it is an error. */
export function readLanguages(text: string | undefined): readonly string[] {
  return (text ?? '').split(' ').filter(isLanguageTag).slice(0, 16);
}

/** The first of the wanted that is there, each with less and less of its subtags (RFC 4647 §3.4, Lookup). */
export function lookupLanguage(available: readonly string[], wanted: readonly string[]): string | undefined {
  for (const range of wanted) {
    for (let subtags = range.split('-'); subtags.length > 0; subtags = subtags.slice(0, subtags.at(-2)?.length === 1 ? -2 : -1)) {
      const found = available.find((tag) => tag.toLowerCase() === subtags.join('-').toLowerCase());
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

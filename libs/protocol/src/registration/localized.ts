import { isLanguageTag } from '../primitives/language-tag.ts';
import { invalidMetadata, type Metadata } from './metadata.ts';

/** What can be said in several languages (RFC 7591 §2.2, OpenID Connect Registration §2.1). */
export type LocalizedName = 'client_name' | 'client_uri' | 'logo_uri' | 'policy_uri' | 'tos_uri';

/** How each is read, with a language and without. */
const readers: Readonly<Record<LocalizedName, (metadata: Metadata, member: string) => string | undefined>> = {
  client_name: (metadata, member) => metadata.shownText(member, 200),
  client_uri: (metadata, member) => metadata.webAddress(member),
  logo_uri: (metadata, member) => metadata.webAddress(member),
  policy_uri: (metadata, member) => metadata.webAddress(member),
  tos_uri: (metadata, member) => metadata.webAddress(member),
};

/** Members with a language, such as `client_name#de`; a client has no more of them. */
const most = 100;

/** The members without a language, and those with one under their names as they came (`client_name#ja-Hani-JP`). */
export function readLocalized(metadata: Metadata) {
  const plain = Object.entries(readers).map(([name, read]) => [name, read(metadata, name)] as const);
  const localized: Record<string, string> = {};
  for (const member of metadata.names()) {
    const [name = '', tag, more] = member.split('#');
    const read = Object.hasOwn(readers, name) ? readers[name as LocalizedName] : undefined; // has it
    if (tag === undefined || read === undefined) continue;
    const value = read(metadata, member);
    if (value === undefined) continue;
    if (more !== undefined || !isLanguageTag(tag)) throw invalidMetadata(`${name} has a language that is no tag`);
    localized[member] = value;
  }
  const count = Object.keys(localized).length;
  if (count > most) throw invalidMetadata(`there are more than ${most} members with a language`);
  return { ...Object.fromEntries(plain), localized: count === 0 ? undefined : localized };
}

import { actionOf, hiddenOf, type Person, type Place } from './person.ts';

/** The answer of an authorization request, as the application reads it. */
export interface Answered {
  readonly mode: 'query' | 'fragment' | 'form_post';
  /** Where it was sent, without the answer. */
  readonly uri: string;
  readonly values: Readonly<Record<string, string>>;
}

/** Walks a request to its end and reads the answer, however it travels (Multiple Response Types §2.1, Form Post). */
export async function answered(person: Person, url: string, decision: 'allow' | 'deny' = 'allow'): Promise<Answered> {
  return read(await person.walk(url, decision));
}

function read(place: Place): Answered {
  const { url, page } = place;
  if (page === undefined) {
    const uri = url.origin + url.pathname;
    if (url.hash !== '' && url.search !== '') throw new Error(`an answer in query and fragment: ${url.href}`);
    if (url.hash !== '') return { mode: 'fragment', uri, values: fragmentOf(url) };
    return { mode: 'query', uri, values: Object.fromEntries(url.searchParams) };
  }
  const action = actionOf(page.text);
  if (!/^https?:/.test(action) || action.startsWith(url.origin)) {
    throw new Error(`no answer but ${url.pathname}: ${page.status} ${page.text}`);
  }
  return { mode: 'form_post', uri: action, values: hiddenOf(page.text) };
}

export function fragmentOf(url: URL): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(url.hash.slice(1)));
}

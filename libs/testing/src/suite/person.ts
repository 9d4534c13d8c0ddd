import { type Answer, encode, type Form, request } from './requests.ts';

/** Where a walk through the pages has come to: a page of ours, or an address outside that the browser was sent to. */
export interface Place {
  /** The address of the page, or the one outside. */
  readonly url: URL;
  readonly page: Answer | undefined;
}

/**
 * A person whose browser is small: it keeps cookies, follows redirects within the issuer, and fills in the forms that
 * the pages have. What needs a real browser uses browser.ts.
 */
export class Person {
  readonly #cookies = new Map<string, string>();

  constructor(
    readonly issuer: string,
    readonly email: string,
    readonly password: string,
  ) {}

  /** The value of a cookie by the beginning of its name. */
  cookie(name: string): string | undefined {
    return [...this.#cookies].find(([key]) => key.includes(name))?.[1];
  }

  /** The Cookie header that this browser sends. */
  get cookies(): string {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  async visit(url: string | URL): Promise<Place> {
    return this.#follow(new URL(url), await this.#ask(new URL(url), {}));
  }

  /** Sends the page's form with the fields that it carries unseen and those given. */
  async submit({ page, url }: Place, fields: Readonly<Record<string, string>>): Promise<Place> {
    if (page === undefined) throw new Error(`${url.origin} is no page of the issuer`);
    return this.send(new URL(actionOf(page.text), url), { ...hiddenOf(page.text), ...fields });
  }

  async send(url: URL, form: Form): Promise<Place> {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    return this.#follow(url, await this.#ask(url, { method: 'POST', body: encode(form), headers }));
  }

  async register(place?: Place): Promise<Place> {
    const page = place ?? (await this.visit(`${this.issuer}/registration`));
    return this.submit(page, { email: this.email, password: this.password });
  }

  async signIn(place?: Place): Promise<Place> {
    const page = place ?? (await this.visit(`${this.issuer}/login`));
    return this.submit(page, { email: this.email, password: this.password });
  }

  /** Walks an authorization request to its end: signs in and allows, where asked. Answers the address outside. */
  async authorize(url: string | URL, decision: 'allow' | 'deny' = 'allow'): Promise<URL> {
    const place = await this.walk(url, decision);
    if (place.page === undefined) return place.url;
    throw new Error(`the walk ended at ${place.url.pathname}: ${place.page?.status} ${place.page?.text}`);
  }

  /** As authorize, and answers where it ends: outside, or at a page that is neither sign-in nor consent. */
  async walk(url: string | URL, decision: 'allow' | 'deny' = 'allow'): Promise<Place> {
    let place = await this.visit(url);
    for (let step = 0; step < 5 && place.page?.status === 200; step++) {
      // The answer by form_post is a page of ours whose form leads to the application.
      if (new URL(actionOf(place.page.text), place.url).origin !== place.url.origin) break;
      if (place.url.pathname.endsWith('/login')) place = await this.signIn(place);
      else if (place.url.pathname.endsWith('/consent')) place = await this.submit(place, { decision });
      else break;
    }
    return place;
  }

  async #ask(url: URL, init: RequestInit): Promise<Answer> {
    const { cookies: cookie } = this;
    const headers = { accept: 'text/html', ...(init.headers as Record<string, string>), ...(cookie !== '' && { cookie }) };
    const answer = await request(url.href, { ...init, headers });
    for (const set of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(set) ?? [];
      if (value === '' || /max-age=0/i.test(set)) this.#cookies.delete(name);
      else this.#cookies.set(name, value);
    }
    return answer;
  }

  async #follow(from: URL, first: Answer): Promise<Place> {
    let url = from;
    let page = first;
    for (let hop = 0; hop < 10; hop++) {
      const location = page.headers.get('location');
      if (page.status < 300 || page.status >= 400 || location === null) return { url, page };
      url = new URL(location, url);
      if (url.origin !== new URL(this.issuer).origin) return { url, page: undefined };
      page = await this.#ask(url, {});
    }
    throw new Error(`more than ten redirects from ${from.pathname}`);
  }
}

/** Where the form of a page leads. */
export const actionOf = (page: string): string => plainOf(/<form method="post" action="([^"]*)"/.exec(page)?.[1] ?? '');

/** The hidden fields of the page's first form, which is the usual way on. */
export function hiddenOf(page: string): Record<string, string> {
  const form = /<form method="post".*?<\/form>/s.exec(page)?.[0] ?? '';
  const found = form.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)">/g);
  return Object.fromEntries([...found].map(([, name = '', value = '']) => [plainOf(name), plainOf(value)]));
}

function plainOf(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&amp;', '&');
}

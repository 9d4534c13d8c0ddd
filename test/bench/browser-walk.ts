/** A browser that follows redirects and fills in forms: enough to sign in at either server, without a real one. */
export class Walk {
  readonly #cookies = new Map<string, string>();

  get cookie(): string {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  async open(url: string, form?: Record<string, string>): Promise<{ url: string; status: number; body: string }> {
    let target = url;
    let body = form;
    for (let hops = 0; hops < 20; hops++) {
      const response = await fetch(target, {
        method: body ? 'POST' : 'GET',
        redirect: 'manual',
        headers: {
          cookie: this.cookie,
          accept: 'text/html',
          ...(body && {
            'content-type': 'application/x-www-form-urlencoded',
            origin: new URL(target).origin,
            'sec-fetch-site': 'same-origin',
          }),
        },
        ...(body && { body: new URLSearchParams(body).toString() }),
      });
      this.#keep(response);
      const location = response.headers.get('location');
      const text = await response.text();
      const refresh = /<meta http-equiv="refresh" content="\d+; ?url=([^"]+)"/i.exec(text)?.[1];
      const onward = location ?? (refresh === undefined ? undefined : decode(refresh));
      if (onward === undefined) return { url: target, status: response.status, body: text };
      target = new URL(onward, target).href;
      body = undefined;
      if (target.includes('/callback')) return { url: target, status: response.status, body: text };
    }
    throw new Error(`too many redirects at ${target}`);
  }

  /** Submits the first form of a page, its hidden fields and what is given. */
  submit(page: { url: string; body: string }, fields: Record<string, string>): Promise<{ url: string; status: number; body: string }> {
    const form = /<form[^>]*method="post"[\s\S]*?<\/form>/i.exec(page.body)?.[0];
    if (!form) throw new Error(`no form on ${page.url}: ${page.body.slice(0, 500)}`);
    const action = /action="([^"]*)"/i.exec(form)?.[1] ?? page.url;
    return this.open(new URL(decode(action), page.url).href, { ...hiddenFields(form), ...fields });
  }

  #keep(response: Response): void {
    for (const { name, value, isGone } of cookiesOf(response)) {
      if (isGone) this.#cookies.delete(name);
      else this.#cookies.set(name, value);
    }
  }
}

export function cookiesOf(response: Response): { name: string; value: string; isGone: boolean }[] {
  return response.headers.getSetCookie().map((line) => {
    const [pair = ''] = line.split(';');
    const at = pair.indexOf('=');
    const value = pair.slice(at + 1);
    return { name: pair.slice(0, at), value, isGone: value === '' || /expires=Thu, 01 Jan 1970/i.test(line) };
  });
}

/** The hidden fields of the first form of a page that is posted. */
export function hiddenFields(page: string): Record<string, string> {
  const form = /<form[^>]*method="post"[\s\S]*?<\/form>/i.exec(page)?.[0] ?? '';
  const hidden: Record<string, string> = {};
  for (const [input] of form.matchAll(/<input[^>]*type="hidden"[^>]*>/gi)) {
    const name = /name="([^"]*)"/.exec(input)?.[1];
    if (name) hidden[name] = decode(/value="([^"]*)"/.exec(input)?.[1] ?? '');
  }
  return hidden;
}

function decode(text: string): string {
  return text.replaceAll('&amp;', '&').replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&lt;', '<').replaceAll('&gt;', '>');
}

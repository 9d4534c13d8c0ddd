import mustache from 'mustache';
import type { Template } from './built-in.ts';
import type { View } from './view.ts';

export interface Rendered {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

/** Fills a template in. Mustache has no logic and runs no code; values are texts. */
export function render(template: Template, view: View): Rendered {
  const plain = { escape: String };
  return {
    // A header is one line, whatever was filled in.
    subject: mustache
      .render(template.subject, view, {}, plain)
      .replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ')
      .trim()
      .slice(0, 250),
    text: mustache.render(template.text, view, {}, plain),
    html: mustache.render(template.html, view),
  };
}

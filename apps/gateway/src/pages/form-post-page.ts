import type { ClientResponse } from '@authority/contracts/token';
import { html } from './html.ts';
import { button, page, type PageContext } from './layout.ts';

/** OAuth 2.0 Form Post Response Mode §2: a form that a script sends, and a button for where there are no scripts. */
export function formPostPage(context: PageContext, { redirect_uri, parameters }: ClientResponse): string {
  const { texts, assets } = context;
  return page(context, {
    title: texts.say('form_post.title'),
    script: assets.formPostScript,
    content: html`<h1>${texts.say('form_post.title')}</h1>
<p class="lead">${texts.say('form_post.text')}</p>
<form method="post" action="${redirect_uri}">
${parameters.map(({ name, value }) => html`<input type="hidden" name="${name}" value="${value}">`)}
${button(context, 'continue')}
</form>`,
  });
}

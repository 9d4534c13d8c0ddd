import type { Refusal } from '../http/refusal.ts';
import { html, type HtmlValue } from './html.ts';
import { link, page, type PageContext } from './layout.ts';
import { retryText } from './retry-at.ts';

export type Problem =
  | 'client_request'
  | 'expired'
  | 'other_browser'
  | 'form_stale'
  | 'input'
  | 'throttled'
  | 'unavailable'
  | 'not_found'
  | 'fault';

/**
 * What went wrong in a sentence, what to do now, and what the developer needs folded below. Never a redirect. `openAgain`
 * is where a form can be had afresh whose submission failed.
 */
export function problemPage(context: PageContext, problem: Problem, refusal: Refusal, openAgain?: string): string {
  const { texts } = context;
  const title = texts.say(`problem.${problem}.title`);
  return page(context, {
    title,
    content: html`<h1>${title}</h1>
<p class="lead">${texts.say(`problem.${problem}.text`)}</p>
${problem === 'throttled' && html`<p>${retryText(texts, (refusal.retryAfter ?? 1) * 1000)}</p>`}
<div class="reference">${texts.say('problem.reference')} <code>${refusal.reference}</code></div>
${problem !== 'not_found' && details(context, refusal)}
${wayOn(context, problem, openAgain)}`,
  });
}

function details({ texts }: PageContext, { error, description }: Refusal): HtmlValue {
  return html`<details>
<summary>${texts.say('problem.details')}</summary>
<dl><dt>${texts.say('problem.error')}</dt><dd><code>${error}</code></dd>${
    description !== '' && html`<dt>${texts.say('problem.description')}</dt><dd>${description}</dd>`
  }</dl>
</details>`;
}

function wayOn(context: PageContext, problem: Problem, openAgain: string | undefined): HtmlValue {
  const { texts, prefix } = context;
  const again = openAgain === undefined ? '' : prefix + openAgain;
  switch (problem) {
    case 'form_stale':
      return openAgain !== undefined && html`<p class="alone"><a href="${again}">${texts.say('problem.again')}</a></p>`;
    case 'unavailable':
    case 'throttled':
      // An empty reference is the page's own address: what a GET asked for is asked again.
      return html`<p class="alone"><a href="${again}">${texts.say('problem.retry')}</a></p>`;
    case 'client_request':
      return undefined;
    default:
      return html`<p class="alone">${link(context, '/login', texts.say('problem.sign_in'))}</p>`;
  }
}

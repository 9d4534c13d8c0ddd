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

/** What went wrong in a sentence, what to do now, and what the developer needs folded below. Never a redirect. */
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
  if (openAgain !== undefined && problem === 'form_stale') {
    return html`<p class="alone"><a href="${prefix}${openAgain}">${texts.say('problem.again')}</a></p>`;
  }
  if (problem === 'client_request' || problem === 'unavailable' || problem === 'throttled') return undefined;
  return html`<p class="alone">${link(context, '/login', texts.say('problem.sign_in'))}</p>`;
}

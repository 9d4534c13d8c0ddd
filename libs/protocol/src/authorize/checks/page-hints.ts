import { find } from '../../primitives/parameters.ts';
import type { RequestCheck } from '../request.ts';

/** `login_hint` and `ui_locales` (OpenID Connect Core §3.1.2.1): for the pages only, so nothing in them is an error. */
export const pageHints: RequestCheck = {
  name: 'login_hint, ui_locales',

  check({ parameters }) {
    const login_hint = find(parameters, 'login_hint');
    const tags = (find(parameters, 'ui_locales') ?? '').split(' ');
    const ui_locales = tags.filter((tag) => /^[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*$/.test(tag)).slice(0, 16);
    return login_hint === undefined ? { ui_locales } : { login_hint: login_hint.slice(0, 320), ui_locales };
  },
};

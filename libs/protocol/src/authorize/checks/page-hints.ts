import { readLanguages } from '../../primitives/language-tag.ts';
import { find } from '../../primitives/parameters.ts';
import type { RequestCheck } from '../request.ts';

/** `login_hint` and `ui_locales` (OpenID Connect Core §3.1.2.1): for the pages only, so nothing in them is an error. */
export const pageHints: RequestCheck = {
  name: 'login_hint, ui_locales',

  check({ parameters }) {
    const login_hint = find(parameters, 'login_hint');
    const ui_locales = readLanguages(find(parameters, 'ui_locales'));
    return login_hint === undefined ? { ui_locales } : { login_hint: login_hint.slice(0, 320), ui_locales };
  },
};

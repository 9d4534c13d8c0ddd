/**
 * The scripts. They are extras: every page works without them, but for the frame that is nothing else. Plain ES2017 as text, because they run in the browser and
 * are served as they stand, under `script-src 'self'`.
 */

/** Focus on the error summary, the busy state of buttons, and a button that shows the password. */
export const pageScript = `'use strict';
(() => {
  const summary = document.querySelector('.summary');
  if (summary) summary.focus();

  for (const form of document.forms) {
    let sent = false;
    form.addEventListener('submit', (event) => {
      if (sent) return event.preventDefault();
      sent = true;
      for (const input of form.querySelectorAll('[data-reveals]')) input.type = 'password';
      const pressed = event.submitter;
      // After this turn: a disabled button would not be part of what is sent.
      setTimeout(() => {
        for (const button of form.querySelectorAll('button')) button.disabled = true;
        if (!pressed || !pressed.dataset.busy) return;
        pressed.dataset.label = pressed.textContent;
        pressed.textContent = pressed.dataset.busy + '…';
        pressed.setAttribute('aria-busy', 'true');
      }, 0);
    });
    // A page that comes back from the browser's history is usable again.
    addEventListener('pageshow', () => {
      sent = false;
      for (const button of form.querySelectorAll('button')) {
        button.disabled = 'wait' in button.dataset;
        button.removeAttribute('aria-busy');
        if (button.dataset.label) button.textContent = button.dataset.label;
      }
    });
  }

  // What may be sent again only after a while counts down; without scripts the answer says how long to wait.
  for (const button of document.querySelectorAll('button[data-wait]')) {
    const text = button.textContent;
    const end = performance.now() + Number(button.dataset.wait) * 1000;
    const tick = () => {
      const seconds = Math.ceil((end - performance.now()) / 1000);
      button.disabled = seconds > 0;
      button.textContent = seconds > 0 ? text + ' (' + seconds + ')' : text;
      if (seconds > 0) setTimeout(tick, 1000);
      else button.removeAttribute('data-wait');
    };
    tick();
  }

  for (const input of document.querySelectorAll('input[type="password"][data-show]')) {
    const { show, hide, name } = input.dataset;
    const button = document.createElement('button');
    const write = (verb) => {
      const rest = document.createElement('span');
      rest.className = 'hidden';
      rest.textContent = ' ' + name;
      button.replaceChildren(verb, rest);
    };
    button.type = 'button';
    button.className = 'reveal';
    button.setAttribute('aria-controls', input.id);
    write(show);
    button.addEventListener('click', () => {
      const reveal = input.type === 'password';
      input.type = reveal ? 'text' : 'password';
      input.toggleAttribute('data-reveals', reveal);
      write(reveal ? hide : show);
      input.focus();
    });
    input.parentElement.classList.add('with-reveal');
    input.after(button);
  }

  for (const list of document.querySelectorAll('.codes[data-copy]')) {
    const { copy, copied, print: printed } = list.dataset;
    const tools = document.createElement('p');
    tools.className = 'tools';
    const add = (text, act) => {
      const button = document.createElement('button');
      button.type = 'button';
      button.className = 'button secondary';
      button.textContent = text;
      button.addEventListener('click', () => act(button));
      tools.append(button);
    };
    const text = () => [...list.children].map((one) => one.textContent).join('\\n');
    if (navigator.clipboard) {
      add(copy, (button) => navigator.clipboard.writeText(text()).then(() => { button.textContent = copied; }, () => {}));
    }
    add(printed, () => print());
    list.after(tools);
  }
})();
`;

/** OAuth 2.0 Form Post Response Mode §2: sends the form without asking; without scripts its button does. */
export const formPostScript = `'use strict';
// Not forms[0].submit(): a field could have that name.
HTMLFormElement.prototype.submit.call(document.forms[0]);
`;

/** OpenID Connect Front-Channel Logout 1.0 §4: on as soon as all frames are loaded, or have had their time. */
export const signedOutScript = `'use strict';
(() => {
  const next = document.querySelector('a[data-continue]');
  if (!next) return;
  let gone = false;
  const go = () => {
    if (gone) return;
    gone = true;
    location.replace(next.href);
  };
  // A page is loaded when its frames are.
  addEventListener('load', go);
  setTimeout(go, 4000);
})();
`;

/**
 * OpenID Connect Session Management 1.0 §4.2: the frame that pages of clients ask whether their session_state still holds.
 * The cookie's name stands in the page. Without SHA-256 (a page that is no secure context) the answer is an error.
 */
export const checkSessionScript = `'use strict';
(() => {
  const name = document.documentElement.dataset.cookie;
  const browserState = () => {
    const found = document.cookie.split('; ').filter((pair) => pair.startsWith(name + '='));
    return found.length === 1 ? found[0].slice(name.length + 1) : '';
  };
  const base64url = (bytes) => {
    const text = Array.from(new Uint8Array(bytes), (byte) => String.fromCharCode(byte)).join('');
    return btoa(text).replace(/[+]/g, '-').replace(/[/]/g, '_').replace(/=+$/, '');
  };
  const judge = async (origin, message) => {
    const parts = /^([!-~]+) ([A-Za-z0-9_-]{43})[.]([A-Za-z0-9_-]{1,64})$/.exec(typeof message === 'string' ? message : '');
    if (!parts || !crypto.subtle) return 'error';
    const [, client, hash, salt] = parts;
    const text = [client, origin, browserState(), salt].join(' ');
    const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
    return base64url(digest) === hash ? 'unchanged' : 'changed';
  };
  addEventListener('message', (event) => {
    // Who asks is answered, at the origin that the browser says it has. A frame without one has nothing to ask.
    if (event.source === null || event.source === window || event.origin === 'null') return;
    judge(event.origin, event.data).then(
      (answer) => event.source.postMessage(answer, event.origin),
      () => event.source.postMessage('error', event.origin),
    );
  });
})();
`;

export const icon =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><rect width="24" height="24" rx="6" fill="#3346c4"/>' +
  '<path d="M12 4.5 18 7v4.6c0 3.6-2.5 6.4-6 7.9-3.5-1.5-6-4.3-6-7.9V7z" fill="none" stroke="#fff" stroke-width="1.8" stroke-linejoin="round"/>' +
  '<path d="m9.3 11.9 2 2 3.5-3.7" fill="none" stroke="#fff" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round"/></svg>';

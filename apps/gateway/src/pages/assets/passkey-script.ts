/**
 * Passkeys (WebAuthn level 3): the only forms that need a script. Each has its options in `data-options` and an empty field `answer`; what
 * the browser answers is put there, and the form is sent like any other. Plain ES2017 as text, as in scripts.ts.
 */
export const passkeyScript = `'use strict';
(() => {
  const forms = Array.from(document.querySelectorAll('form[data-method="passkey"][data-options]')).filter((form) => form.elements.answer);
  if (forms.length === 0 || !window.PublicKeyCredential || !navigator.credentials) return;
  for (const hidden of document.querySelectorAll('[data-needs-script]')) hidden.hidden = false;

  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (char) => char.charCodeAt(0));
  const base64url = (buffer) => {
    const text = Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join('');
    return btoa(text).replace(/[+]/g, '-').replace(/[/]/g, '_').replace(/=+$/, '');
  };
  const descriptors = (list) => list.map((one) => Object.assign({}, one, { id: bytes(one.id) }));

  // WebAuthn level 3 has parsers of its own (§5.1.8, §5.1.9); older browsers get the same from here.
  const requestOptions = (json) =>
    PublicKeyCredential.parseRequestOptionsFromJSON
      ? PublicKeyCredential.parseRequestOptionsFromJSON(json)
      : Object.assign({}, json, { challenge: bytes(json.challenge), allowCredentials: descriptors(json.allowCredentials) });
  const creationOptions = (json) =>
    PublicKeyCredential.parseCreationOptionsFromJSON
      ? PublicKeyCredential.parseCreationOptionsFromJSON(json)
      : Object.assign({}, json, {
          challenge: bytes(json.challenge),
          user: Object.assign({}, json.user, { id: bytes(json.user.id) }),
          excludeCredentials: descriptors(json.excludeCredentials),
        });

  const answerOf = ({ id, type, response }) => {
    const { clientDataJSON, attestationObject, authenticatorData, signature, userHandle } = response;
    const said = attestationObject
      ? { attestationObject: base64url(attestationObject), transports: response.getTransports ? response.getTransports() : [] }
      : Object.assign(
          { authenticatorData: base64url(authenticatorData), signature: base64url(signature) },
          userHandle ? { userHandle: base64url(userHandle) } : {},
        );
    said.clientDataJSON = base64url(clientDataJSON);
    return JSON.stringify({ id, rawId: id, type, clientExtensionResults: {}, response: said });
  };

  let waiting;
  const send = (form, answer) => {
    form.elements.answer.value = answer;
    form.requestSubmit(form.querySelector('button[type="submit"]'));
  };
  /** Passkeys in the autofill of the sign-in page's first field (WebAuthn §5.1.4, mediation "conditional"). */
  const offer = async (form, options) => {
    if (options.user || options.allowCredentials.length > 0) return;
    if (!document.querySelector('input[autocomplete~="webauthn"]')) return;
    const known = PublicKeyCredential.isConditionalMediationAvailable;
    if (!known || !(await known.call(PublicKeyCredential))) return;
    waiting = new AbortController();
    const publicKey = requestOptions(options);
    const credential = await navigator.credentials.get({ publicKey, mediation: 'conditional', signal: waiting.signal });
    if (credential) send(form, answerOf(credential));
  };
  const ask = async (form, options) => {
    if (waiting) waiting.abort();
    try {
      const credential = options.user
        ? await navigator.credentials.create({ publicKey: creationOptions(options) })
        : await navigator.credentials.get({ publicKey: requestOptions(options) });
      if (credential) send(form, answerOf(credential));
    } catch (error) {
      // Closed by the person: nothing has happened. Anything else is told by the server, in the person's language.
      if (error.name === 'NotAllowedError' || error.name === 'AbortError') return offer(form, options);
      send(form, error.name);
    }
  };

  for (const form of forms) {
    const options = JSON.parse(form.dataset.options);
    const isNew = options.user && options.user.name === '';
    // Before the page's own script hears of it: nothing is sent, and no button is busy, until there is an answer.
    document.addEventListener(
      'submit',
      (event) => {
        if (event.target !== form || form.elements.answer.value !== '') return;
        for (const input of form.querySelectorAll('[data-shared]')) {
          const typed = Array.from(document.getElementsByName(input.name)).find((one) => !form.contains(one));
          if (typed) input.value = typed.type === 'checkbox' && !typed.checked ? '' : typed.value;
        }
        if (isNew) {
          const typed = document.querySelector('input[autocomplete~="username"]');
          // Without a name there is nothing to make yet: the server says what is missing.
          if (typed && typed.value.trim() === '') return;
          options.user.name = options.user.displayName = typed ? typed.value.trim() : location.host;
        }
        event.preventDefault();
        event.stopImmediatePropagation();
        ask(form, options);
      },
      true,
    );
    addEventListener('pageshow', () => {
      form.elements.answer.value = '';
    });
    offer(form, options).catch(() => {});
    // What is not listed here was removed; the person's device need not offer it any more (WebAuthn level 3 §5.1.10).
    if (options.user && !isNew && PublicKeyCredential.signalAllAcceptedCredentials) {
      const allAcceptedCredentialIds = options.excludeCredentials.map(({ id }) => id);
      PublicKeyCredential.signalAllAcceptedCredentials({ rpId: options.rp.id, userId: options.user.id, allAcceptedCredentialIds }).catch(() => {});
    }
  }
})();
`;

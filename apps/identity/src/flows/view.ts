import { Field, Flow, FlowKind, Form as FormMessage, Message } from '@authority/contracts/identity';
import type { Form } from './method.ts';
import type { Standing } from './stages.ts';
import type { FlowMessage, FlowState, Kind, LastForm, StoredFlow } from './state.ts';

const kinds: Readonly<Record<Kind, FlowKind>> = {
  login: FlowKind.LOGIN,
  registration: FlowKind.REGISTRATION,
  recovery: FlowKind.RECOVERY,
  verification: FlowKind.VERIFICATION,
  settings: FlowKind.SETTINGS,
};

export function kindOf(kind: FlowKind): Kind | undefined {
  const found = Object.entries(kinds).find(([, one]) => one === kind);
  return found?.[0] as Kind | undefined; // a key of the record above
}

interface Around {
  /** Name of the person, once known. */
  readonly signedInAs: string;
  readonly reauthenticate?: boolean;
}

/** A flow as a user interface sees it. */
export function viewOf({ handle, state }: StoredFlow, { stage, offers }: Standing, { signedInAs, reauthenticate = false }: Around): Flow {
  const forms = offers.map(({ method, form }) => formOf(method.name, form, state));
  // What somebody is in the middle of comes first: the code that they asked for, not the password beside it.
  if (state.kind !== 'settings') forms.sort((a, b) => Number(b.method === state.last?.method) - Number(a.method === state.last?.method));
  // What was said last about a form that is no longer there, such as that a flow is done.
  const isShown = offers.some(({ method }) => method.name === state.last?.method);
  const password = forms.find(({ method }) => method === 'password');
  return Flow.fromPartial({
    handle,
    kind: kinds[state.kind],
    fields: password?.fields ?? [],
    messages: isShown ? [] : messagesOf(state.last?.messages['']),
    expires_at_ms: state.expiresAt,
    retry_at_ms: state.last?.retryAt ?? 0,
    stage,
    forms,
    interaction: state.interaction,
    signed_in_as: signedInAs,
    reauthenticate,
  });
}

function formOf(method: string, form: Form, state: FlowState): FormMessage {
  const last = state.last?.method === method ? state.last : undefined;
  return FormMessage.fromPartial({
    method,
    fields: form.fields.map((field) => fieldOf(field, last, state.hint)),
    messages: [...messagesOf(form.messages), ...messagesOf(last?.messages[''])],
    options: form.options === undefined ? '' : JSON.stringify(form.options),
    items: (form.items ?? []).map((item) => ({ ...item, actions: [...item.actions] })),
    actions: [...(form.actions ?? [])],
  });
}

/** The hint goes where the person says who they are. */
function fieldOf(field: Form['fields'][number], last: LastForm | undefined, hint: string): Field {
  const isIdentifier = field.autocomplete.split(' ').includes('username');
  const value = last?.values[field.name] ?? field.value ?? (isIdentifier ? hint : '');
  return Field.fromPartial({
    ...field,
    value: field.type === 'password' ? '' : value,
    messages: messagesOf(last?.messages[field.name]),
  });
}

const messagesOf = (messages: readonly FlowMessage[] = []): Message[] =>
  messages.map(({ id, severity, parameters }) => Message.fromPartial({ id, severity, parameters: { ...parameters } }));

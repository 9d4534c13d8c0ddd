import { Field, Flow, FlowKind, Message } from '@authority/contracts/identity';
import type { FlowMessage, Kind, StoredFlow } from './state.ts';

type Shape = Pick<Field, 'name' | 'type' | 'autocomplete' | 'required'>;

/** The fields of each kind, in the order in which they are shown. */
const fields: Readonly<Record<Kind, readonly Shape[]>> = {
  login: [
    { name: 'email', type: 'email', autocomplete: 'username', required: true },
    { name: 'password', type: 'password', autocomplete: 'current-password', required: true },
  ],
  registration: [
    { name: 'email', type: 'email', autocomplete: 'username', required: true },
    { name: 'name', type: 'text', autocomplete: 'name', required: false },
    { name: 'password', type: 'password', autocomplete: 'new-password', required: true },
  ],
};

const kinds: Readonly<Record<Kind, FlowKind>> = { login: FlowKind.LOGIN, registration: FlowKind.REGISTRATION };

export function kindOf(kind: FlowKind): Kind | undefined {
  if (kind === FlowKind.LOGIN) return 'login';
  return kind === FlowKind.REGISTRATION ? 'registration' : undefined;
}

/** A flow as a user interface sees it. */
export function viewOf({ handle, state }: StoredFlow): Flow {
  return Flow.fromPartial({
    handle,
    kind: kinds[state.kind],
    fields: fields[state.kind].map((shape) =>
      Field.fromPartial({
        ...shape,
        value: shape.type === 'password' ? '' : (state.values[shape.name] ?? ''),
        messages: messagesOf(state.messages[shape.name]),
      }),
    ),
    messages: messagesOf(state.messages['']),
    expires_at_ms: state.expiresAt,
    retry_at_ms: state.retryAt,
  });
}

const messagesOf = (messages: readonly FlowMessage[] = []): Message[] =>
  messages.map(({ id, severity, parameters }) => Message.fromPartial({ id, severity, parameters: { ...parameters } }));

/** One field for whatever is typed in from elsewhere; `one-time-code` lets password managers fill it in. */
export const codeField = { name: 'code', type: 'text', autocomplete: 'one-time-code', required: true, inputmode: 'numeric' } as const;

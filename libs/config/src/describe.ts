import { type Setting, type Spec, variableOf } from './setting.ts';

export interface SettingDescription {
  readonly name: string;
  readonly kind: string;
  readonly secret: boolean;
  readonly required: boolean;
  /** In the operator's words; absent where there is none. */
  readonly default?: string;
  readonly doc: string;
}

/** What `--help` and docs/reference/settings.md are made from, in the order of the spec. */
export function describe(spec: Spec): SettingDescription[] {
  return Object.entries(spec).map(([key, setting]) => describeOne(key, setting));
}

function describeOne(key: string, setting: Setting<unknown>): SettingDescription {
  const { text, required } = setting.facts;
  return {
    name: variableOf(key, setting),
    kind: setting.kind.kind,
    secret: setting.kind.secret,
    required,
    ...(text ? { default: text } : {}),
    doc: setting.docText,
  };
}

/** For a terminal. */
export function helpText(spec: Spec): string {
  return describe(spec)
    .map((one) => {
      const name = one.secret ? `${one.name} (or ${one.name}_FILE)` : one.name;
      return `  ${name}\n      ${one.doc}\n      ${[one.kind, presence(one)].join('; ')}`;
    })
    .join('\n');
}

/** For docs/reference/settings.md. */
export function markdownTable(spec: Spec): string {
  const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
  const rows = describe(spec).map((one) => {
    const name = one.secret ? `\`${one.name}\`, \`${one.name}_FILE\`` : `\`${one.name}\``;
    return `| ${name} | ${cell(one.kind)} | ${cell(presence(one))} | ${cell(one.doc)} |`;
  });
  return ['| variable | kind | default | what it is |', '|---|---|---|---|', ...rows].join('\n');
}

function presence(one: SettingDescription): string {
  if (one.required) return 'required';
  return one.default === undefined ? 'unset' : `default ${one.default}`;
}

import { expect, test } from 'vitest';
import type { Template } from './built-in.ts';
import { templateFaults } from './check.ts';

const html = '<p>{{code}} <a href="{{link}}">x</a></p>';
const changed = (changes: Partial<Template>) =>
  templateFaults('recovery', { subject: 'Recover', text: '{{code}}', html, ...changes }).map(
    ({ field, description }) => `${field} ${description}`,
  );

test('sections, comments and all values of the kind', () => {
  expect(changed({ text: '{{! note }}{{#asked_from}}from {{asked_from}}{{/asked_from}}{{^reply_to}}no{{/reply_to}} {{ code }}' })).toEqual(
    [],
  );
});

test.each<[string, Partial<Template>, string]>([
  ['a value that is not escaped', { html: `${html}{{{link}}}` }, 'must name values by two braces'],
  ['a value that is not escaped, spelt otherwise', { html: `${html}{{& link}}` }, 'must name values by two braces'],
  ['a partial', { text: '{{code}}{{> secrets}}' }, 'must have no partials'],
  ['other delimiters', { text: '{{code}}{{=<% %>=}}<%code%>' }, 'must have no partials and no other delimiters'],
  ['a value that is not there', { text: '{{code}}{{password}}' }, 'names {{password}}; there is product'],
  ['a value of another kind', { text: '{{code}}{{organization}}' }, 'names {{organization}}'],
  ['a member of every object', { text: '{{code}}{{constructor}}' }, 'names {{constructor}}'],
  ['the context itself', { text: '{{code}}{{.}}' }, 'names {{.}}'],
  ['a section that does not end', { text: '{{code}}{{#link}}' }, 'is no Mustache template'],
  ['sections that nest without end', { text: `{{code}}${'{{#link}}'.repeat(5000)}${'{{/link}}'.repeat(5000)}` }, 'must'],
  ['a script', { html: `${html}<script>1</script>` }, 'must have no script'],
  ['a value as an attribute', { html: `${html}<b title="{{asked_from}}">` }, 'may have values between tags'],
  ['a value as another address', { html: `${html}<a href="https://x/?{{link}}">` }, 'may have values between tags'],
  ['a link without quotes', { html: `${html}<a href={{link}}>` }, 'may have values between tags'],
  ['a value in a style', { html: `<style>a{b:{{code}}}</style>${html}` }, 'may have values between tags'],
  ['two lines of subject', { subject: 'a\r\nBcc: eve@example.com' }, 'must be one line'],
  ['a code that is read on locked screens', { subject: 'Your code: {{code}}' }, 'must not show a code'],
  ['no code and no link', { text: 'Hello' }, 'must show {{code}} or {{link}}'],
  ['too long', { subject: 'x'.repeat(301) }, 'must be 300 characters at most'],
])('refused: %s', (_, changes, why) => {
  expect(changed(changes).join('; ')).toContain(why);
});

import { Schema, SchemaServiceService, SettingsServiceService } from '@authority/contracts/admin';
import { complaintsOf, Operator, startBrowser, startOneProcess, type Suite } from '@authority/testing/suite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const hostile = [
  `"><img src=x onerror="window.hit=1">`,
  `'><script>window.hit=1</script>`,
  `</title></textarea><svg/onload=window.hit=1>`,
  'javascript:window.hit=1',
  '{{constructor.constructor("window.hit=1")()}}',
  ['$', '{window.hit=1}'].join(''),
  '&quot;&gt;&lt;script&gt;window.hit=1&lt;/script&gt;',
];
const names = hostile.map((_, index) => `t${index}`);

const document = JSON.stringify({
  title: hostile[1],
  type: 'object',
  properties: {
    email: {
      type: 'string',
      format: 'email',
      authority: { identifier: 'email', recovery: true, claim: 'email', autocomplete: 'username' },
    },
    ...Object.fromEntries(
      names.map((name) => [
        name,
        { type: 'string', authority: { forms: ['registration', 'settings'], label: { en: `"'&${name}${'{'}x}` } } },
      ]),
    ),
    kind: { type: 'string', enum: hostile, authority: { forms: ['registration', 'settings'] } },
    fixed: { type: 'string', authority: { readonly: true, claim: 'nickname' } },
  },
  required: ['email'],
  additionalProperties: false,
});

let suite: Suite;
let operator: Operator;

beforeAll(async () => {
  suite = await startOneProcess();
  operator = new Operator(suite);
  await operator.call(SchemaServiceService.createSchema, { schema: Schema.fromPartial({ schema_id: 'hostile', document }) });
  await operator.call(SettingsServiceService.updateSetting, {
    setting: { name: 'schema.registration', value: '"hostile"', owner: '', description: '', default_value: '', etag: '' },
    update_mask: undefined,
    force: false,
  });
});
afterAll(async () => {
  operator?.close();
  await suite?.stop();
});

describe('CWE-79: what people and operators write is text wherever it is shown', () => {
  test('every trait, label, choice and error, in a real browser: nothing of it runs', async () => {
    const browser = await startBrowser();
    try {
      const page = await browser.newPage();
      const complaints = complaintsOf(page);
      page.on('dialog', (dialog) => void complaints.push(dialog.message()));
      await page.goto(`${suite.issuer}/registration`);
      await page.fill('[name=email]', 'no address');
      await page.evaluate("for (const form of document.querySelectorAll('form')) form.noValidate = true");
      for (const [index, name] of names.entries()) await page.fill(`[name=${name}]`, hostile[index] ?? '');
      await page.selectOption('[name=kind]', { index: 1 });
      await page.fill('[name=password]', 'correct horse battery staple');
      await page.click('form[data-method=password] button[type=submit]');
      // Wrong once: shown again with what was typed.
      await page.waitForSelector('[role=alert]');
      for (const [index, name] of names.entries()) expect(await page.inputValue(`[name=${name}]`)).toBe(hostile[index]);

      await page.fill('[name=email]', 'eve@example.com');
      await page.fill('[name=password]', 'correct horse battery staple');
      await page.click('form[data-method=password] button[type=submit]');
      await page.waitForURL((url) => !url.pathname.endsWith('/registration'));
      await page.goto(`${suite.issuer}/account`);
      const text = await page.content();
      expect(await page.evaluate("'hit' in window")).toBe(false);
      for (const [index, name] of names.entries()) expect(await page.inputValue(`[name=${name}]`)).toBe(hostile[index]);
      expect(text).not.toMatch(/<(?:img|svg)[^>]*(?:onerror|onload)/);
      expect(complaints).toEqual([]);
    } finally {
      await browser.close();
    }
  });
});

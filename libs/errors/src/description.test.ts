import { anyString } from '@authority/testing/text';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { usualDescriptions } from './description.ts';
import { OAuthError, type OAuthErrorCode } from './oauth-error.ts';

const grammar = /^[\x20\x21\x23-\x5b\x5d-\x7e]+$/;

test('RFC 6749 appendix A.8: every error has a description within the grammar, also where its thrower says nothing', () => {
  for (const [error, text] of Object.entries(usualDescriptions)) {
    expect([error, text]).toEqual([error, expect.stringMatching(grammar)]);
    expect(new OAuthError(error as OAuthErrorCode, 'internal').description).toBe(text); // a key of the record
  }
});

test('RFC 6749 appendix A.8, RFC 6750 §3: no text, wherever it comes from, leaves the grammar or ends a quoted string', () => {
  fc.assert(
    fc.property(anyString(), (text) => {
      expect(new OAuthError('invalid_request', 'internal', { description: `x${text}` }).description).toMatch(grammar);
    }),
  );
});

import { type Definition, numberSetting } from '@authority/settings';
import { isAddress } from './address.ts';

const addressSetting = (description: string): Definition<string> => ({
  default: '',
  description,
  parse: (given) => {
    if (typeof given !== 'string' || (given !== '' && !isAddress(given))) throw new Error('must be one e-mail address, or empty');
    return given;
  },
});

const productName: Definition<string> = {
  default: 'Authority',
  description: 'What mails call this server; also the name of their sender. At most 80 characters.',
  parse: (given) => {
    if (typeof given !== 'string' || !/^[^\p{C}\p{Zl}\p{Zp}]{1,80}$/u.test(given))
      throw new Error('must be 1 to 80 characters on one line');
    return given;
  },
};

export const mailSettings = {
  'mail.product_name': productName,
  'mail.from_address': addressSetting("The sender of mails. Empty: no-reply at the issuer's host."),
  'mail.reply_to': addressSetting('Where answers to mails go. Empty: mails say that nobody reads answers.'),
  'mail.address_limit': numberSetting(
    5,
    'Mails that strangers can have sent to one address in an hour (codes, recovery, attempts to register).',
    { min: 1, max: 1000 },
  ),
} as const;

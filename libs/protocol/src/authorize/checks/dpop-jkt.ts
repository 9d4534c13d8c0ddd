import { find } from '../../primitives/parameters.ts';
import { readDpopJkt } from '../../tokens/dpop.ts';
import type { RequestCheck } from '../request.ts';

/** `dpop_jkt` (RFC 9449 §10): the key that will redeem the code, so that whoever steals the code cannot. */
export const dpopJkt: RequestCheck = {
  name: 'dpop_jkt',
  check({ parameters }) {
    const dpop_jkt = readDpopJkt(find(parameters, 'dpop_jkt'));
    return dpop_jkt === undefined ? {} : { dpop_jkt };
  },
};

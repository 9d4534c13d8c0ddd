import { verifySync } from '@node-rs/argon2';
import { bytesOf, cost, type HashFormat, HashRefused, leastHashBytes } from './format.ts';

const pattern = /^\$argon2(?:i|d|id)\$(?:v=(\d+)\$)?m=(\d+),t=(\d+),p=(\d+)(,[^$]*)?\$([^$]+)\$([^$]+)$/;
const mostMemoryKib = 131_072;
/** Memory times passes: ours is 38,912, and takes some 10 to 25 ms. */
const mostWork = 786_432;

/** argon2i, argon2d and argon2id (RFC 9106) as PHC strings; Django writes `argon2` before them. */
export const argon2: HashFormat = {
  name: 'argon2',
  read(hash) {
    const phc = hash.startsWith('argon2$argon2') ? hash.slice('argon2'.length) : hash;
    if (!phc.startsWith('$argon2')) return undefined;
    const [, version, memory, passes, lanes, more, salt, digest] = pattern.exec(phc) ?? [];
    if (digest === undefined) throw new HashRefused('is no PHC string of argon2');
    if (more !== undefined) throw new HashRefused('has a key or data besides, which Authority does not have');
    if (version !== undefined && version !== '16' && version !== '19') throw new HashRefused('is of an unknown version of argon2');
    const p = cost('p', lanes, 1, 16);
    const m = cost('m', memory, 8 * p, mostMemoryKib);
    cost('t', passes, 1, Math.floor(mostWork / m));
    bytesOf('salt', salt, 8);
    bytesOf('digest', digest, leastHashBytes);
    return (password) => verifySync(phc, password);
  },
};

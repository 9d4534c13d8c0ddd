// Draws 20 concepts from libs/protocol/SPECS.md by a seeded shuffle, for docs/quiz.md. Usage: node test/house/quiz.mjs [seed]
// The table of questions goes to standard output; with --answers it has the files as well.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const specs = readFileSync(join(import.meta.dirname, '../../libs/protocol/SPECS.md'), 'utf8');
const seed = Number(process.argv.slice(2).find((argument) => /^\d+$/.test(argument)) ?? 20261123);
const withAnswers = process.argv.includes('--answers');

/** Every row with the specification that it stands under. */
function concepts() {
  let heading = '';
  return specs.split('\n').flatMap((line) => {
    if (line.startsWith('## ')) heading = line.slice(3);
    if (!line.startsWith('|') || /^\| *(section|-)/.test(line)) return [];
    const [section, concept, file] = line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim());
    return [{ heading, section, concept, file: `libs/protocol/src/${file.replaceAll('`', '')}` }];
  });
}

/** mulberry32: the same draws on every machine. */
function generator(from) {
  let state = from;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Fisher and Yates. */
function shuffled(items) {
  const random = generator(seed);
  const drawn = [...items];
  for (let last = drawn.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [drawn[last], drawn[other]] = [drawn[other], drawn[last]];
  }
  return drawn;
}

shuffled(concepts())
  .slice(0, 20)
  .forEach(({ heading, section, concept, file }, index) => {
    const where = section.includes('RFC') || heading.includes('house.md') ? section : `${heading.split(',')[0]} ${section}`;
    const answer = withAnswers ? ` \`${file}\` |` : '';
    process.stdout.write(`| ${index + 1} | ${where} | ${concept} |${answer}\n`);
  });

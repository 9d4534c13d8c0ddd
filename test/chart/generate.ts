import { writeFileSync } from 'node:fs';
import { readmePath, readmeWithTable, valuesPath, valuesWithTopology } from './generated.ts';

/** Usage: node test/chart/generate.ts. Writes the chart's topology from libs/rpc, then its README's table from the values. */
writeFileSync(valuesPath, valuesWithTopology());
writeFileSync(readmePath, readmeWithTable());

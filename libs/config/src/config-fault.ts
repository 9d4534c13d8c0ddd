/** All that is wrong with a configuration. The one error of this lib; a composition root prints `message` and exits 1. */
export class ConfigFault extends Error {
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(['The configuration has faults:', ...faults.map((line) => `  ${line}`)].join('\n'));
    this.name = 'ConfigFault';
    this.faults = faults;
  }
}

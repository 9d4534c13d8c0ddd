import { log } from './log.ts';

let installed = 0;
let told = false;

/** An error that nobody caught: the process is in an unknown state. One line with its cause, then exit 1. */
function tell(error: unknown): void {
  if (!told) {
    told = true;
    log.fatal('uncaught', { error });
  }
  process.exit(1);
}

/** An unhandled rejection arrives here too (node raises it as an uncaught exception). Answers how to undo it. */
export function onFatal(): () => void {
  if (installed++ === 0) process.on('uncaughtException', tell);
  let undone = false;
  return () => {
    if (undone) return;
    undone = true;
    if (--installed === 0) process.off('uncaughtException', tell);
  };
}

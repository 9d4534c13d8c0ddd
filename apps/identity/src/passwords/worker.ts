import { setPriority } from 'node:os';
import { parentPort } from 'node:worker_threads';
import { hashSync } from '@node-rs/argon2';
import { parameters } from './argon2.ts';
import { verify } from './verify.ts';
import type { Answer, Task } from './worker-protocol.ts';

// On Linux a thread has a priority of its own: a login storm yields to everything else in this process. Elsewhere the
// call would slow the whole process.
if (process.platform === 'linux') setPriority(10);

parentPort?.on('message', (task: Task) => {
  void answer(task).then((answered) => parentPort?.postMessage(answered));
});

async function answer(task: Task): Promise<Answer> {
  try {
    return { id: task.id, value: await run(task) };
  } catch (error) {
    return { id: task.id, error: String(error) };
  }
}

/** The synchronous functions: the asynchronous ones would take threads of libuv's one pool (performance.md 5). */
async function run(task: Task): Promise<Answer['value']> {
  switch (task.kind) {
    case 'hash':
      return hashSync(task.password, parameters);
    case 'verify':
      return verify(task.phc, task.password);
    case 'assess': {
      const { assess } = await import('./strength.ts');
      return assess(task.password, task.inputs);
    }
  }
}

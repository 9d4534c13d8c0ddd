import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';

/** What a client handed over: its envelope and the message as it came. */
export interface ReceivedMail {
  readonly from: string;
  readonly recipients: readonly string[];
  readonly data: string;
}

export interface TestMailServer {
  readonly port: number;
  readonly received: ReceivedMail[];
  /** Answers to commands, by their first word (`RCPT`, `DATA`, `.` for the end of a message); others are accepted. */
  readonly answers: Map<string, string>;
  /** Every command line that came. */
  readonly commands: string[];
  stop(): Promise<void>;
}

const greeting = '220 mail.test ESMTP';

/** A mail server of a few commands (RFC 5321 §4.1.1), for tests. Without TLS. */
export async function testMailServer(): Promise<TestMailServer> {
  const sockets = new Set<Socket>();
  const made = { received: [] as ReceivedMail[], answers: new Map<string, string>(), commands: [] as string[] };
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {}); // a client that goes away is its own business
    converse(socket, made);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    ...made,
    port: typeof address === 'object' && address !== null ? address.port : 0,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function converse(socket: Socket, { received, answers, commands }: Pick<TestMailServer, 'received' | 'answers' | 'commands'>): void {
  let [rest, from, recipients, isData] = ['', '', [] as string[], false];
  const say = (word: string, otherwise: string): string => {
    const line = answers.get(word) ?? otherwise;
    socket.write(`${line}\r\n`);
    return line;
  };
  const command = (line: string): void => {
    commands.push(line);
    const word = line.split(/[ :]/)[0]?.toUpperCase() ?? '';
    const path = /<([^>]*)>/.exec(line)?.[1] ?? '';
    if (word === 'EHLO') socket.write('250-mail.test\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n');
    else if (word === 'MAIL') [from, recipients] = [path, []];
    else if (word === 'RCPT') return void (say(word, '250 OK').startsWith('2') && recipients.push(path));
    else if (word === 'DATA') isData = say(word, '354 go on').startsWith('3');
    if (!['EHLO', 'RCPT', 'DATA'].includes(word)) say(word, word === 'QUIT' ? '221 bye' : '250 OK');
    if (word === 'QUIT') socket.end();
  };
  socket.write(`${greeting}\r\n`);
  socket.setEncoding('latin1');
  socket.on('data', (chunk: string) => {
    rest += chunk;
    for (;;) {
      const end = rest.indexOf(isData ? '\r\n.\r\n' : '\r\n');
      if (end < 0) return;
      const part = rest.slice(0, end);
      rest = rest.slice(end + (isData ? 5 : 2));
      if (!isData) {
        command(part);
        continue;
      }
      isData = false;
      const data = Buffer.from(`${part}\r\n`.replace(/^\.\./gm, '.'), 'latin1').toString();
      if (say('.', '250 OK').startsWith('2')) received.push({ from, recipients, data });
    }
  });
}

/** As much of a .proto file as the reference needs: services, messages, and the comments above them. */
export interface ProtoFile {
  services: { name: string; comment: string; rpcs: { name: string; comment: string }[] }[];
  messages: { name: string; comment: string; fields: { name: string; type: string; comment: string }[] }[];
}

/** Our protos are formatted by buf, so a line is a declaration; nested messages and enums are not in the admin API. */
export function readProto(text: string): ProtoFile {
  const file: ProtoFile = { services: [], messages: [] };
  let comment = '';
  for (const line of text.split('\n')) {
    const said = /^\s*\/\/ ?(.*)$/.exec(line);
    if (said) {
      comment = `${comment} ${said[1]}`.trim();
      continue;
    }
    const [, kind, name = ''] = /^(service|message) (\w+) \{/.exec(line) ?? [];
    const [, rpc] = /^ {2}rpc (\w+)\(/.exec(line) ?? [];
    const [, type = '', field] = /^ {2}((?:repeated )?[\w.]+) (\w+) = \d+;/.exec(line) ?? [];
    if (kind === 'service') file.services.push({ name, comment, rpcs: [] });
    else if (kind === 'message') file.messages.push({ name, comment, fields: [] });
    else if (rpc) file.services.at(-1)?.rpcs.push({ name: rpc, comment });
    else if (field) file.messages.at(-1)?.fields.push({ name: field, type, comment });
    comment = '';
  }
  return file;
}

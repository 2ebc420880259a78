/**
 * Reads server-sent events (WHATWG HTML §9.2.6).
 *
 * Not `eventsource-parser`: it has no text as it came, which the lab shows, and browsers cannot
 * import a package by its name without a build step.
 *
 * @typedef {Object} ServerEvent
 * @property {string} type empty for a comment or a retry time
 * @property {string} data
 * @property {string} [id]
 * @property {number} [retry] in milliseconds
 * @property {string} text as it came
 *
 * @param {AsyncIterable<Uint8Array>} chunks cut anywhere
 * @returns {AsyncGenerator<ServerEvent>}
 */
export async function* events(chunks) {
  const decoder = new TextDecoder();
  let rest = '';
  let isAfterCr = false;
  /** @type {string[]} */
  let block = [];
  for await (const chunk of chunks) {
    const text = decoder.decode(chunk, { stream: true });
    if (text === '') {
      continue; // a part of a character
    }
    // Only the new text is searched: a large event comes in many chunks.
    const lines = (isAfterCr && text[0] === '\n' ? text.slice(1) : text).split(/\r\n|\n|\r/);
    isAfterCr = text.endsWith('\r');
    lines[0] = rest + lines[0];
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line !== '') {
        block.push(line);
      } else if (block.length) {
        yield event(block);
        block = [];
      }
    }
  }
}

/**
 * @param {string[]} block
 * @returns {ServerEvent}
 */
function event(block) {
  /** @type {ServerEvent} */
  const event = { type: '', data: '', text: `${block.join('\n')}\n\n` };
  const data = [];
  for (const line of block) {
    const [, field, value] = /** @type {string[]} */ (/^([^:]*)(?:: ?)?(.*)$/s.exec(line));
    if (field === 'data') {
      data.push(value);
    } else if (field === 'event') {
      event.type = value;
    } else if (field === 'id') {
      event.id = value;
    } else if (field === 'retry' && /^\d+$/.test(value)) {
      event.retry = Number(value);
    }
  }
  if (data.length) {
    event.type ||= 'message';
    event.data = data.join('\n');
  } else {
    event.type = '';
  }
  return event;
}

/**
 * Reads server-sent events (WHATWG HTML §9.2.6).
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
  /** @type {string[]} */
  let block = [];
  for await (const chunk of chunks) {
    rest += decoder.decode(chunk, { stream: true });
    // A CR at the end may be the first half of a line break.
    const lines = rest.split(/\r\n|\n|\r(?!$)/);
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
    const [, field, value] = /** @type {string[]} */ (/^([^:]*)(?:: ?)?(.*)$/.exec(line));
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

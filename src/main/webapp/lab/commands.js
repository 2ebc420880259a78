import { copy, write } from './dom.js';
import { languages, t } from './i18n.js';

/**
 * The same over the terminal.
 *
 * @param {HTMLElement} parent
 * @param {string} channel that is there
 * @param {boolean} needsToken as this page did
 */
export function showCommands(parent, channel, needsToken) {
  const { href } = new URL(`channels/${channel}`, document.baseURI);
  // The token itself is not shown.
  const token = needsToken ? ' -H "Authorization: Bearer $TOKEN"' : '';
  const commands = [
    ['terminal.publish', `curl${token} -H 'Content-Type: application/json' -d '{"name":"curl","text":"hello"}' '${href}'`],
    ['lane.poll', `curl -i${token} '${href}?offset=-1'`],
    ['lane.longPoll', `curl -i${token} '${href}?offset=now&live=long-poll'`],
    ['lane.eventStream', `curl -N${token} '${href}?offset=now&live=sse'`],
    ['lane.webSocket', `websocat${token} --protocol switchboard.v1 '${href.replace(/^http/, 'ws')}?offset=now'`],
  ];
  commands.forEach(([title, command]) => showCommand(parent, title, command));
}

function showCommand(parent, title, command) {
  const { element, fields } = copy('command-template');
  let verb = 'terminal.copy';
  const texts = () => {
    write(fields.title, t(title));
    write(fields.what, t(title));
    write(fields.verb, t(verb));
  };
  const say = (key) => {
    verb = key;
    texts();
  };
  write(fields.text, command);
  element.querySelector('button').addEventListener('click', async () => {
    // There is no clipboard on a page that came over plain HTTP from another machine.
    try {
      await navigator.clipboard.writeText(command);
      say('terminal.copied');
    } catch {
      getSelection().selectAllChildren(fields.text);
      say('terminal.selected');
    }
    setTimeout(() => say('terminal.copy'), 2000);
  });
  languages.addEventListener('change', texts);
  texts();
  parent.append(element);
}

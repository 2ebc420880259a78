import { copy, write } from './dom.js';
import { languages, t } from './i18n.js';

/** The same over the terminal. @param {HTMLElement} parent */
export function showCommands(parent) {
  const url = (name) => new URL(`channels/${name}`, document.baseURI).href;
  const commands = [
    ['terminal.publish', `curl -H 'Content-Type: application/json' -d '{"name":"curl","text":"hello"}' '${url('lab')}'`],
    ['lane.poll', `curl -i '${url('lab')}?offset=-1'`],
    ['lane.longPoll', `curl -i '${url('lab')}?offset=now&live=long-poll'`],
    ['lane.eventStream', `curl -N '${url('lab')}?offset=now&live=sse'`],
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

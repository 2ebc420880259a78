/** How a closed application is opened, on each server. `ClosedNotice` says the same in the log. */
const NAME = /^\/([^/]+)/.exec(globalThis.location?.pathname ?? '')?.[1] ?? 'switchboard';

/**
 * @param {string} [name] of the application
 * @returns {{name: string, is: RegExp, commands: string[]}[]} `is` what a server says of itself
 */
export function openings(name = NAME) {
  const asadmin = [
    "asadmin create-system-properties 'switchboard.access.open=*'",
    `asadmin redeploy --name ${name} ${name}.war`,
  ];
  return [
    {
      name: 'Payara Micro',
      is: /payara micro/i,
      commands: [
        `java -Dswitchboard.access.open='*' -jar payara-micro.jar --deploy ${name}.war`,
      ],
    },
    { name: 'Payara Server', is: /payara(?! micro)/i, commands: asadmin },
    {
      name: 'WildFly',
      is: /wildfly|undertow|jboss/i,
      commands: [
        `jboss-cli.sh -c '/system-property=switchboard.access.open:add(value="*")'`,
        `jboss-cli.sh -c '/deployment=${name}.war:redeploy'`,
      ],
    },
    { name: 'GlassFish', is: /glassfish/i, commands: asadmin },
    {
      name: 'Open Liberty',
      is: /liberty|websphere/i,
      commands: [
        "echo '-Dswitchboard.access.open=*' >> wlp/usr/servers/defaultServer/jvm.options",
        'wlp/bin/server stop && wlp/bin/server start',
      ],
    },
  ];
}

/**
 * What application servers can do beyond the Jakarta EE standard: frames and responses that no
 * thread waits for, and connections that can be closed. The names of the servers' classes are in
 * this package only, with the versions in which they were read. A faster way is used only if its
 * members are found; otherwise the standard API is.
 *
 * <p>The rule: nothing here knows the rest of Switchboard.
 */
package switchboard.container;

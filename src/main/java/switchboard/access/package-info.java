/**
 * Who may say and hear what. One {@linkplain switchboard.access.Authorizer authorizer} for all
 * transports, asked at the start of whatever a client does and again while it lasts: what everybody
 * may do, what the client's token grants, and what its roles in the server grant, together.
 *
 * <p>Plain Java and a library for JSON Web Tokens: nothing of how requests come in. The one rule:
 * what nobody granted is refused, and a token that is not good makes nobody anonymous.
 */
package switchboard.access;

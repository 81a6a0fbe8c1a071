// SPDX-License-Identifier: Apache-2.0
/*
 * The token guard: what libjwt alone would let through (unset keys, other
 * algorithms, the public key as a secret, missing claims) and much else.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <time.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "base/buf.h"
#include "harness/harness.h"
#include "serve/auth.h"
#include "serve/token.h"

#define NOW 1800000000ULL
#define SECRET "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define OTHER "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"
#define HEADER "{\"alg\":\"HS256\",\"typ\":\"JWT\"}"
#define CLAIMS "{\"sub\":\"ann\",\"role\":\"admin\",\"exp\":1800000600}"

static struct config_auth auth;
static char public_pem[4096];
static EVP_PKEY *private_key;

static void add_key(const char *kid, const char *alg, const char *material)
{
	struct config_key *key = &auth.keys[auth.key_count++];

	snprintf(key->kid, sizeof(key->kid), "%s", kid);
	snprintf(key->alg, sizeof(key->alg), "%s", alg);
	key->material = strdup(material);
}

static void encode(struct buf *b, const unsigned char *bytes, size_t len)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	unsigned held = 0, bits = 0;

	for (size_t i = 0; i < len; i++) {
		bits = bits << 8 | bytes[i];
		for (held += 8; held >= 6; held -= 6)
			buf_add_char(b, digits[bits >> (held - 6) & 63]);
	}
	if (held)
		buf_add_char(b, digits[bits << (6 - held) & 63]);
}

static void encode_text(struct buf *b, const char *text)
{
	encode(b, (const unsigned char *)text, strlen(text));
}

static void sign_hmac(struct buf *b, const char *secret)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned len;

	HMAC(EVP_sha256(), secret, (int)strlen(secret), (const unsigned char *)b->data, b->len,
	     digest, &len);
	buf_add_char(b, '.');
	encode(b, digest, len);
}

static void sign_rsa(struct buf *b)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	unsigned char signature[1024];
	size_t len = sizeof(signature);

	CHECK(EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, private_key) == 1);
	CHECK(EVP_DigestSign(context, signature, &len, (unsigned char *)b->data, b->len) == 1);
	EVP_MD_CTX_free(context);
	buf_add_char(b, '.');
	encode(b, signature, len);
}

static struct buf unsigned_token(const char *header, const char *claims)
{
	struct buf b = {0};

	encode_text(&b, header);
	buf_add_char(&b, '.');
	encode_text(&b, claims);
	return b;
}

static struct buf token(const char *header, const char *claims, const char *secret)
{
	struct buf b = unsigned_token(header, claims);

	sign_hmac(&b, secret);
	return b;
}

static bool accepted(struct buf *b)
{
	struct claims claims;
	const char *why;

	buf_add_char(b, '\0');

	bool right = auth_check(&auth, b->data, b->len - 1, NOW, &claims, &why);

	CHECK(right == (why == NULL));
	return right;
}

static bool takes(const char *header, const char *claims)
{
	struct buf b = token(header, claims, SECRET);

	return accepted(&b);
}

static void one_secret(void)
{
	add_key("", "HS256", SECRET);
}

static void make_rsa(void)
{
	BIO *out = BIO_new(BIO_s_mem());

	private_key = EVP_RSA_gen(2048);
	CHECK(private_key && PEM_write_bio_PUBKEY(out, private_key));
	CHECK(BIO_read(out, public_pem, sizeof(public_pem) - 1) > 0);
	BIO_free(out);
}

TEST(a_right_token_gives_its_claims)
{
	struct buf b = token(HEADER, CLAIMS, SECRET);
	struct claims claims;
	const char *why;

	one_secret();
	buf_add_char(&b, '\0');
	CHECK(auth_check(&auth, b.data, b.len - 1, NOW, &claims, &why));
	CHECK_STRING(claims.subject, "ann");
	CHECK_INT(claims.role, ROLE_ADMIN);
	CHECK_UINT(claims.expires, 1800000600);
	CHECK(!claims.tenants.limited);
}

TEST(what_the_agent_mints_it_takes)
{
	struct token_claims wanted = {
		.subject = "eve", .role = "super_admin", .ttl_seconds = 60, .tenant = "blue"};
	struct claims claims;
	const char *why;
	char error[256];
	char *text = token_mint(&wanted, SECRET, error, sizeof(error));

	add_key(TOKEN_AUTO_KID, "HS256", SECRET);
	CHECK(text != NULL);
	CHECK(auth_check(&auth, text, strlen(text), (uint64_t)time(NULL), &claims, &why));
	CHECK_STRING(claims.subject, "eve");
	CHECK_INT(claims.role, ROLE_SUPER_ADMIN);
	CHECK(claims.tenants.limited && tenants_allow(&claims.tenants, "blue"));
	CHECK(!tenants_allow(&claims.tenants, "green"));
	wanted.role[0] = 'X';
	CHECK(token_mint(&wanted, SECRET, error, sizeof(error)) == NULL);
}

TEST(headers_that_are_refused)
{
	static const char *const headers[] = {
		"{}",
		"[]",
		"\"HS256\"",
		"",
		"{\"alg\":\"none\"}",
		"{\"alg\":\"None\"}",
		"{\"alg\":\"hs256\"}",
		"{\"alg\":\"HS384\"}",
		"{\"alg\":\"HS512\"}",
		"{\"alg\":\"RS256\"}",
		"{\"alg\":\"ES256\"}",
		"{\"alg\":\"EdDSA\"}",
		"{\"alg\":5}",
		"{\"alg\":null}",
		"{\"alg\":[\"HS256\"]}",
		"{\"alg\":\"HS256\",\"alg\":\"HS256\"}",
		"{\"alg\":\"HS256\",\"crit\":[\"exp\"]}",
		"{\"alg\":\"HS256\",\"jku\":\"http://127.0.0.1/\"}",
		"{\"alg\":\"HS256\",\"jwk\":{}}",
		"{\"alg\":\"HS256\",\"x5u\":\"x\"}",
		"{\"alg\":\"HS256\",\"x5c\":[]}",
		"{\"alg\":\"HS256\",\"b64\":false}",
		"{\"alg\":\"HS256\",\"zip\":\"DEF\"}",
		"{\"alg\":\"HS256\",\"typ\":\"at+jwt\"}",
		"{\"alg\":\"HS256\",\"typ\":7}",
		"{\"alg\":\"HS256\",\"kid\":\"other\"}",
		"{\"alg\":\"HS256\",\"kid\":7}",
		"{\"alg\":\"HS256\",\"kid\":\"\"}",
		"{\"alg\":\"HS256\"} x",
		"{\"alg\":\"HS256\"",
		"{\"alg\":\"HS256\xff\"}",
	};

	one_secret();
	for (size_t i = 0; i < sizeof(headers) / sizeof(*headers); i++)
		if (takes(headers[i], CLAIMS))
			harness_fail(__FILE__, __LINE__, "accepted: %s", headers[i]);
	CHECK(takes("{\"alg\":\"HS256\",\"typ\":\"jwt\"}", CLAIMS));
	CHECK(takes("{\"alg\":\"HS256\"}", CLAIMS));
}

TEST(claims_that_are_refused)
{
#define WITH(member) "{\"sub\":\"ann\",\"role\":\"admin\",\"exp\":1800000600," member "}"
	static const char *const claims[] = {
		"[]",
		"\"x\"",
		"{}",
		"",
		"{\"sub\":\"ann\",\"role\":\"admin\"}",
		"{\"sub\":\"ann\",\"role\":\"admin\",\"exp\":\"1800000600\"}",
		"{\"sub\":\"ann\",\"role\":\"admin\",\"exp\":1800000600.5}",
		"{\"sub\":\"ann\",\"role\":\"admin\",\"exp\":1e30}",
		"{\"sub\":\"ann\",\"role\":\"admin\",\"exp\":-1}",
		"{\"sub\":\"ann\",\"role\":\"admin\",\"exp\":0}",
		"{\"sub\":\"ann\",\"role\":\"admin\",\"exp\":null}",
		"{\"sub\":\"ann\",\"role\":\"admin\",\"exp\":true}",
		"{\"sub\":\"ann\",\"role\":\"admin\",\"exp\":1799999940}",
		"{\"sub\":\"ann\",\"role\":\"admin\",\"exp\":99999999999999999999}",
		"{\"sub\":\"ann\",\"exp\":1800000600}",
		"{\"sub\":\"ann\",\"role\":\"Admin\",\"exp\":1800000600}",
		"{\"sub\":\"ann\",\"role\":\"root\",\"exp\":1800000600}",
		"{\"sub\":\"ann\",\"role\":[\"admin\"],\"exp\":1800000600}",
		"{\"sub\":\"ann\",\"role\":\"\",\"exp\":1800000600}",
		"{\"role\":\"admin\",\"exp\":1800000600}",
		"{\"sub\":\"\",\"role\":\"admin\",\"exp\":1800000600}",
		"{\"sub\":7,\"role\":\"admin\",\"exp\":1800000600}",
		WITH("\"nbf\":1800000061"),
		WITH("\"nbf\":\"1\""),
		WITH("\"nbf\":1.5"),
		WITH("\"iat\":1800000061"),
		WITH("\"iat\":\"now\""),
		WITH("\"iat\":-5"),
		WITH("\"tenants\":\"blue\""),
		WITH("\"tenants\":{}"),
		WITH("\"tenants\":null"),
		WITH("\"tenants\":[7]"),
		WITH("\"tenants\":[\"blue\",\"\"]"),
		WITH("\"tenants\":[\"*\"]"),
		WITH("\"tenants\":[\"a:b\"]"),
		WITH("\"role\":\"super_admin\""),
		WITH("\"exp\":9900000000"),
	};

	one_secret();
	for (size_t i = 0; i < sizeof(claims) / sizeof(*claims); i++)
		if (takes(HEADER, claims[i]))
			harness_fail(__FILE__, __LINE__, "accepted: %s", claims[i]);
	CHECK(takes(HEADER, WITH("\"nbf\":1800000060")));
	CHECK(takes(HEADER, WITH("\"iat\":1800000060")));
	CHECK(takes(HEADER, WITH("\"tenants\":[]")));
	CHECK(takes(HEADER, WITH("\"tenants\":[\"blue\",\"green.x-1_2\"]")));
	CHECK(takes(HEADER, WITH("\"anything\":{\"else\":[1]}")));
	CHECK(takes(HEADER, "{\"sub\":\"ann\",\"role\":\"admin\",\"exp\":1799999941}"));
}

TEST(another_secret_is_refused)
{
	struct buf b = token(HEADER, CLAIMS, OTHER);

	one_secret();
	CHECK(!accepted(&b));
}

TEST(every_changed_byte_is_refused)
{
	struct buf right = token(HEADER, CLAIMS, SECRET);

	one_secret();
	for (size_t i = 0; i < right.len; i++) {
		struct buf b = {0};

		buf_add(&b, right.data, right.len);
		b.data[i] = b.data[i] == 'A' ? 'B' : 'A';
		CHECK(!accepted(&b));
		buf_free(&b);
	}
}

TEST(shapes_that_are_refused)
{
	struct buf right = token(HEADER, CLAIMS, SECRET), b;
	static const char *const tails[] = {"!", "=", ".", ".x", " ", "\n", "A", "AA"};

	one_secret();
	for (size_t i = 0; i < sizeof(tails) / sizeof(*tails); i++) {
		b = (struct buf){0};
		buf_add(&b, right.data, right.len);
		buf_add_string(&b, tails[i]);
		CHECK(!accepted(&b));
		buf_free(&b);
	}
	b = unsigned_token("{\"alg\":\"none\"}", CLAIMS);
	buf_add_char(&b, '.');
	CHECK(!accepted(&b));
	for (const char *const *text =
		     (const char *const[]){"", ".", "..", "...", "a.b.c", "a..c", NULL};
	     *text; text++) {
		b = (struct buf){0};
		buf_add_string(&b, *text);
		CHECK(!accepted(&b));
		buf_free(&b);
	}
}

TEST(a_nul_inside_is_refused)
{
	struct buf b = token(HEADER, CLAIMS, SECRET);

	one_secret();
	buf_add_char(&b, '\0');
	buf_add_char(&b, 'x');
	CHECK(!accepted(&b));
}

TEST(a_token_over_8_kib_is_refused_unread)
{
	struct buf claims = {0}, b;

	one_secret();
	buf_add_string(&claims, "{\"sub\":\"ann\",\"role\":\"admin\",\"exp\":1800000600,\"x\":\"");
	for (int i = 0; i < 8000; i++)
		buf_add_char(&claims, 'x');
	buf_add(&claims, "\"}", 3);
	b = token(HEADER, claims.data, SECRET);
	CHECK(!accepted(&b));
}

TEST(without_keys_nothing_is_accepted)
{
	struct buf b = token(HEADER, CLAIMS, ""), c = token(HEADER, CLAIMS, SECRET);

	CHECK(!accepted(&b));
	CHECK(!accepted(&c));
	add_key("", "HS256", "");
	b = token(HEADER, CLAIMS, "");
	CHECK(!accepted(&b));
}

TEST(kid_chooses_among_keys_and_is_needed_where_there_are_two)
{
	struct buf b;

	add_key("one", "HS256", SECRET);
	add_key("two", "HS256", OTHER);
	CHECK(!takes(HEADER, CLAIMS));
	CHECK(takes("{\"alg\":\"HS256\",\"kid\":\"one\"}", CLAIMS));
	CHECK(!takes("{\"alg\":\"HS256\",\"kid\":\"two\"}", CLAIMS));
	b = token("{\"alg\":\"HS256\",\"kid\":\"two\"}", CLAIMS, OTHER);
	CHECK(accepted(&b));
}

TEST(the_public_key_is_no_secret)
{
	struct buf b;

	make_rsa();
	add_key("", "RS256", public_pem);
	b = token(HEADER, CLAIMS, public_pem);
	CHECK(!accepted(&b));
	b = token("{\"alg\":\"RS256\"}", CLAIMS, public_pem);
	CHECK(!accepted(&b));
	b = unsigned_token("{\"alg\":\"RS256\"}", CLAIMS);
	sign_rsa(&b);
	CHECK(accepted(&b));
}

TEST(issuer_and_audience_are_held_where_configured)
{
	one_secret();
	snprintf(auth.issuer, sizeof(auth.issuer), "https://login");
	CHECK(!takes(HEADER, CLAIMS));
	CHECK(takes(HEADER, WITH("\"iss\":\"https://login\"")));
	CHECK(!takes(HEADER, WITH("\"iss\":\"https://login/\"")));
	auth.issuer[0] = '\0';
	snprintf(auth.audience, sizeof(auth.audience), "probecast");
	CHECK(!takes(HEADER, CLAIMS));
	CHECK(takes(HEADER, WITH("\"aud\":\"probecast\"")));
	CHECK(takes(HEADER, WITH("\"aud\":[\"a\",\"probecast\"]")));
	CHECK(!takes(HEADER, WITH("\"aud\":[]")));
	CHECK(!takes(HEADER, WITH("\"aud\":7")));
}

TEST(the_automatic_key_takes_only_the_agents_own_tokens)
{
	add_key(TOKEN_AUTO_KID, "HS256", SECRET);
	CHECK(!takes("{\"alg\":\"HS256\",\"kid\":\"auto\"}", CLAIMS));
	CHECK(takes("{\"alg\":\"HS256\",\"kid\":\"auto\"}", WITH("\"iss\":\"probecast\"")));
}

// SPDX-License-Identifier: Apache-2.0
/* The list auth.keys: which keys are strong enough, and what is refused. */
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "config/config.h"
#include "config/setting.h"
#include "harness/harness.h"

#define SECRET "0123456789abcdef0123456789abcdef"

static struct config c;
static struct config_error error;

static char *pem_of(EVP_PKEY *key, bool private)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *bytes, *text;

	CHECK(key && bio);
	if (private)
		PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL);
	else
		PEM_write_bio_PUBKEY(bio, key);

	long len = BIO_get_mem_data(bio, &bytes);

	text = strndup(bytes, (size_t)len);
	BIO_free(bio);
	return text;
}

static char *ec_pem(const char *curve)
{
	return pem_of(EVP_EC_gen(curve), false);
}

static char *rsa_pem(unsigned bits)
{
	return pem_of(EVP_RSA_gen(bits), false);
}

static void check_fault(const char *alg, const char *material, const char *expected)
{
	const char *fault = key_fault(alg, material);

	if (!fault != !expected || (fault && !strstr(fault, expected)))
		harness_fail(__FILE__, __LINE__, "%s: \"%s\", not \"%s\"", alg,
			     fault ? fault : "good", expected ? expected : "good");
}

TEST(secrets_have_32_bytes)
{
	check_fault("HS256", SECRET, NULL);
	check_fault("HS512", SECRET, NULL);
	check_fault("HS256", "0123456789abcdef0123456789abcde", "shorter than 32 bytes");
	check_fault("HS384", "", "shorter than 32 bytes");
	check_fault("HS256", "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQ\n", "a key in PEM");
}

TEST(curves_belong_to_their_algorithm)
{
	char *p256 = ec_pem("P-256"), *p384 = ec_pem("P-384"), *p521 = ec_pem("P-521");

	check_fault("ES256", p256, NULL);
	check_fault("ES384", p384, NULL);
	check_fault("ES512", p521, NULL);
	check_fault("ES256", p384, "P-256");
	check_fault("ES384", p256, "P-384");
	check_fault("ES512", p256, "P-521");
	check_fault("ES256", ec_pem("secp256k1"), "P-256");
	check_fault("RS256", p256, "needs an RSA key");
	check_fault("ES256", pem_of(EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), false),
		    "needs an elliptic curve key");
}

TEST(rsa_keys_have_2048_bits)
{
	char *good = rsa_pem(2048);

	check_fault("RS256", good, NULL);
	check_fault("RS512", good, NULL);
	check_fault("ES256", good, "needs an elliptic curve key");
	check_fault("RS256", rsa_pem(1024), "less than 2048 bits");
}

TEST(what_is_no_public_key_is_refused)
{
	char *private = pem_of(EVP_EC_gen("P-256"), true), *cut = ec_pem("P-256");

	check_fault("ES256", private, "private key");
	cut[60] = '\0';
	check_fault("ES256", cut, "not a public key");
	check_fault("RS256", "", "not a public key");
	check_fault("RS256", "hello", "not a public key");
	check_fault("RS256", "-----BEGIN PUBLIC KEY-----\n////\n-----END PUBLIC KEY-----\n",
		    "not a public key");
	check_fault("RS256", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
		    "not a public key");
}

static int parse(const char *text)
{
	error.text[0] = '\0';
	return config_parse(&c, "c.yaml", text, strlen(text), &error);
}

TEST(keys_are_read_in_order)
{
	struct buf text = {0};
	char *pem = ec_pem("P-384");

	config_init(&c);
	buf_printf(&text, "auth:\n  keys:\n    - {kid: one, alg: HS256, secret: %s}\n", SECRET);
	buf_add_string(&text, "    - alg: ES384\n      public_key: ");
	yaml_quote(&text, pem);
	if (config_parse(&c, "c.yaml", text.data, text.len, &error) < 0)
		harness_fail(__FILE__, __LINE__, "%s", error.text);
	CHECK_UINT(c.auth.key_count, 2);
	CHECK_STRING(c.auth.keys[0].kid, "one");
	CHECK_STRING(c.auth.keys[0].alg, "HS256");
	CHECK_STRING(c.auth.keys[0].material, SECRET);
	CHECK_STRING(c.auth.keys[1].kid, "");
	CHECK_STRING(c.auth.keys[1].material, pem);

	/* A later list takes the place of the earlier one; a file without keys leaves them. */
	CHECK_INT(parse("interval_ms: 200\n"), 0);
	CHECK_UINT(c.auth.key_count, 2);
	CHECK_INT(parse("auth: {keys: [{kid: two, alg: HS384, secret: " SECRET "}]}"), 0);
	CHECK_UINT(c.auth.key_count, 1);
	CHECK_STRING(c.auth.keys[0].kid, "two");
	CHECK_INT(parse("auth: {keys: []}"), 0);
	CHECK_UINT(c.auth.key_count, 0);
	config_free(&c);
}

#define KEYS(list) "auth:\n  keys:\n" list
#define NEEDS_ONE "a key needs one of secret, secret_file, public_key, public_key_file"

static const struct {
	const char *text;
	const char *expected;
} refused[] = {
	{KEYS("    - text\n"),
	 "c.yaml:3: a key must be a map of kid, alg and its material, not a value"},
	{KEYS("    - {}\n"), "c.yaml:3: a key needs its alg"},
	{KEYS("    - secret: " SECRET "\n"), "c.yaml:3: a key needs its alg"},
	{KEYS("    - alg: HS256\n"), "c.yaml:3: " NEEDS_ONE},
	{KEYS("    - alg: HS256\n      secret: " SECRET "\n      secret_file: /x\n"),
	 "c.yaml:3: " NEEDS_ONE},
	{KEYS("    - alg: none\n      secret: " SECRET "\n"),
	 "c.yaml:3: alg must be HS, RS or ES with 256, 384 or 512, not \"none\""},
	{KEYS("    - alg: hs256\n      secret: " SECRET "\n"), "c.yaml:3: alg must be"},
	{KEYS("    - alg: PS256\n      public_key: x\n"), "c.yaml:3: alg must be"},
	{KEYS("    - alg: ''\n      public_key: x\n"), "c.yaml:3: alg must be"},
	{KEYS("    - alg:\n"), "c.yaml:3: alg must be a text"},
	{KEYS("    - alg: [HS256]\n"), "c.yaml:3: alg must be a text"},
	{KEYS("    - alg: HS256\n      secret: short\n"),
	 "c.yaml:4: the secret is shorter than 32 bytes"},
	{KEYS("    - alg: HS256\n      secert: " SECRET "\n"),
	 "c.yaml:4: unknown key \"secert\" in auth.keys; did you mean \"secret\"?"},
	{KEYS("    - alg: HS256\n      something: else\n"),
	 "c.yaml:4: unknown key \"something\" in auth.keys; it may hold kid, alg"},
	{KEYS("    - alg: HS256\n      public_key: x\n"),
	 "c.yaml:4: HS256 needs a secret, not public_key"},
	{KEYS("    - alg: RS256\n      secret: " SECRET "\n"),
	 "c.yaml:4: RS256 needs a public key, not secret"},
	{KEYS("    - alg: RS256\n      secret_file: /x\n"), "c.yaml:4: RS256 needs a public key"},
	{KEYS("    - alg: RS256\n      public_key: x\n"), "c.yaml:4: not a public key in PEM"},
	{KEYS("    - kid: ''\n      alg: HS256\n      secret: " SECRET "\n"),
	 "c.yaml:3: kid must be a text of 1"},
	{KEYS("    - alg: HS256\n      secret_file: key\n"),
	 "c.yaml:4: the path of a key file must begin with /, not \"key\""},
	{KEYS("    - alg: HS256\n      secret_file: /nonexistent/key\n"),
	 "c.yaml:4: cannot read the key file /nonexistent/key: No such file or directory"},
	{KEYS("    - alg: HS256\n      secret_file: /dev/zero\n"),
	 "c.yaml:4: cannot read the key file /dev/zero: File too large"},
	{KEYS("    - {kid: a, alg: HS256, secret: " SECRET
	      "}\n    - {kid: a, alg: HS384, secret: x" SECRET "}\n"),
	 "c.yaml:4: two keys have the kid \"a\""},
	{KEYS("    - {alg: HS256, secret: " SECRET "}\n    - {alg: HS384, secret: x" SECRET "}\n"),
	 "c.yaml:4: only one key may be without a kid"},
	{KEYS("    - {kid: a, alg: HS256, secret: " SECRET
	      "}\n    - {kid: b, alg: HS384, secret: " SECRET "}\n"),
	 "c.yaml:4: HS256 and HS384 may not share a secret"},
};

TEST(bad_keys_are_refused_with_their_line)
{
	config_init(&c);
	CHECK_INT(parse(KEYS("    - {kid: kept, alg: HS256, secret: " SECRET "}\n")), 0);
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
		CHECK_INT(parse(refused[i].text), -1);
		if (strncmp(error.text, refused[i].expected, strlen(refused[i].expected)) != 0)
			harness_fail(__FILE__, __LINE__, "\"%s\" gives \"%s\", not \"%s\"",
				     refused[i].text, error.text, refused[i].expected);
		CHECK_UINT(c.auth.key_count, 1);
		CHECK_STRING(c.auth.keys[0].kid, "kept");
	}
	config_free(&c);
}

TEST(errors_do_not_show_secrets)
{
	config_init(&c);
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
		parse(refused[i].text);
		CHECK(strstr(error.text, SECRET) == NULL);
		CHECK(strstr(error.text, "short\"") == NULL);
	}
}

/* Parses a configuration that names a key file with these bytes. */
static int parse_with_file(const char *bytes, size_t len)
{
	int fd = memfd_create("key", 0);
	char text[128];

	CHECK(fd >= 0);
	CHECK_INT(write(fd, bytes, len), (ssize_t)len);
	snprintf(text, sizeof(text),
		 KEYS("    - {kid: f, alg: HS256, secret_file: /proc/self/fd/%d}\n"), fd);

	int status = parse(text);

	close(fd);
	return status;
}

TEST(key_files_lose_one_line_end)
{
	config_init(&c);
	CHECK_INT(parse_with_file(SECRET "\n", 33), 0);
	CHECK_STRING(c.auth.keys[0].material, SECRET);
	CHECK_INT(parse_with_file(SECRET "\r\n", 34), 0);
	CHECK_STRING(c.auth.keys[0].material, SECRET);
	CHECK_INT(parse_with_file(SECRET "\n\n", 34), 0);
	CHECK_STRING(c.auth.keys[0].material, SECRET "\n");
	CHECK_INT(parse_with_file(SECRET, 32), 0);
	CHECK_STRING(c.auth.keys[0].material, SECRET);
	CHECK_INT(parse_with_file("0123456789abcdef0123456789abcde\n", 32), -1);
	CHECK_INT(parse_with_file("", 0), -1);
	CHECK_INT(parse_with_file("0123456789abcdef\0000123456789abcdef", 33), -1);
	CHECK(strstr(error.text, "holds bytes that are no text") != NULL);
	CHECK_INT(parse_with_file("0123456789abcdef0123456789abcde\xff", 32), -1);
	CHECK(strstr(error.text, "holds bytes that are no text") != NULL);
	config_free(&c);
}

/* The server is handed what config_print() writes: it must fit, whatever the keys are. */
TEST(the_largest_set_of_keys_can_be_printed_and_read)
{
	struct buf text = {0}, printed = {0};
	struct config back;
	char secret[3072 + 1];

	config_init(&c);
	config_init(&back);
	memset(secret, '\x01', sizeof(secret) - 1);
	secret[sizeof(secret) - 1] = '\0';
	buf_add_string(&text, KEYS(""));
	for (int i = 0; i < CONFIG_MAX_KEYS; i++) {
		buf_printf(&text, "    - {alg: HS256, kid: %0127d, secret: ", i);
		yaml_quote(&text, secret);
		buf_add_string(&text, "}\n");
	}
	if (config_parse(&c, "c.yaml", text.data, text.len, &error) < 0)
		harness_fail(__FILE__, __LINE__, "%s", error.text);
	config_print(&c, &printed);
	if (config_parse(&back, "printed", printed.data, printed.len, &error) < 0)
		harness_fail(__FILE__, __LINE__, "%s", error.text);
	CHECK_UINT(back.auth.key_count, CONFIG_MAX_KEYS);
	CHECK_STRING(back.auth.keys[63].material, secret);
	buf_add_string(&text, "    - {alg: HS256, kid: x, secret: " SECRET "}\n");
	CHECK_INT(config_parse(&c, "c.yaml", text.data, text.len, &error), -1);
	CHECK_STRING(error.text, "c.yaml:67: more than 64 keys");
}

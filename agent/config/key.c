// SPDX-License-Identifier: Apache-2.0
/* What makes a key strong enough for its algorithm (RFC 7518, section 3). */
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/objects.h>
#include <openssl/pem.h>
#include <string.h>

#include "config/setting.h"

#define SECRET_LEAST_BYTES 32
#define RSA_LEAST_BITS 2048
#define RSA_MOST_BITS 16384 /* what OpenSSL itself verifies with */

bool key_is_secret(const char *alg)
{
	return alg[0] == 'H';
}

static const char *secret_fault(const char *secret)
{
	if (strstr(secret, "-----BEGIN "))
		return "the secret is a key in PEM; a public key goes with an RS or ES algorithm";
	if (strlen(secret) < SECRET_LEAST_BYTES)
		return "the secret is shorter than 32 bytes; make one with: openssl rand -hex 32";
	return NULL;
}

static const char *rsa_fault(const EVP_PKEY *key)
{
	int bits = EVP_PKEY_get_bits(key);

	if (EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA)
		return "the algorithm needs an RSA key";
	if (bits < RSA_LEAST_BITS)
		return "the RSA key has less than 2048 bits";
	return bits > RSA_MOST_BITS ? "the RSA key has more than 16384 bits" : NULL;
}

static const char *ec_fault(const EVP_PKEY *key, const char *alg)
{
	static const struct {
		const char *alg;
		int curve;
		const char *fault;
	} curves[] = {
		{"ES256", NID_X9_62_prime256v1, "ES256 needs a key on the curve P-256"},
		{"ES384", NID_secp384r1, "ES384 needs a key on the curve P-384"},
		{"ES512", NID_secp521r1, "ES512 needs a key on the curve P-521"},
	};
	char group[80] = "";

	if (EVP_PKEY_get_base_id(key) != EVP_PKEY_EC ||
	    !EVP_PKEY_get_group_name(key, group, sizeof(group), NULL))
		return "the algorithm needs an elliptic curve key";
	for (size_t i = 0; i < sizeof(curves) / sizeof(*curves); i++)
		if (strcmp(curves[i].alg, alg) == 0)
			return OBJ_txt2nid(group) == curves[i].curve ? NULL : curves[i].fault;
	return "the algorithm is not known";
}

static const char *public_fault(const char *alg, const char *pem)
{
	if (strstr(pem, "PRIVATE KEY-----"))
		return "this is a private key; give its public key: openssl pkey -pubout";

	BIO *bio = BIO_new_mem_buf(pem, -1);
	EVP_PKEY *key = bio ? PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL) : NULL;
	const char *fault;

	if (!key)
		fault = "not a public key in PEM (-----BEGIN PUBLIC KEY-----)";
	else
		fault = alg[0] == 'R' ? rsa_fault(key) : ec_fault(key, alg);
	EVP_PKEY_free(key);
	BIO_free(bio);
	ERR_clear_error();
	return fault;
}

const char *key_fault(const char *alg, const char *material)
{
	return key_is_secret(alg) ? secret_fault(material) : public_fault(alg, material);
}

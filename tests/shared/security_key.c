/* A stand-in for a FIDO2 security key, for `ssh-keygen -w`: keys live in their own handle, and the
 * environment decides which flags (COLDLEVER_SK_FLAGS, hexadecimal) and counter it reports.
 * The interface is OpenSSH's sk-api.h, version 10 (PROTOCOL.u2f). For tests only. */
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define VERSION 0x000a0000
#define FAILED (-1)
#define ECDSA 0
#define ED25519 1
#define SEED 32

struct sk_enroll_response {
    uint8_t flags;
    uint8_t *public_key;
    size_t public_key_len;
    uint8_t *key_handle;
    size_t key_handle_len;
    uint8_t *signature;
    size_t signature_len;
    uint8_t *attestation_cert;
    size_t attestation_cert_len;
    uint8_t *authdata;
    size_t authdata_len;
};

struct sk_sign_response {
    uint8_t flags;
    uint32_t counter;
    uint8_t *sig_r;
    size_t sig_r_len;
    uint8_t *sig_s;
    size_t sig_s_len;
};

uint32_t sk_api_version(void) { return VERSION; }

static EC_KEY *ec_key(const uint8_t *seed) {
    EC_KEY *key = EC_KEY_new_by_curve_name(NID_X9_62_prime256v1);
    BIGNUM *secret = BN_bin2bn(seed, SEED, NULL);
    EC_POINT *point = EC_POINT_new(EC_KEY_get0_group(key));
    EC_POINT_mul(EC_KEY_get0_group(key), point, secret, NULL, NULL, NULL);
    EC_KEY_set_private_key(key, secret);
    EC_KEY_set_public_key(key, point);
    EC_POINT_free(point);
    BN_free(secret);
    return key;
}

int sk_enroll(uint32_t alg, const uint8_t *challenge, size_t challenge_len, const char *application,
              uint8_t flags, const char *pin, void **options, struct sk_enroll_response **out) {
    struct sk_enroll_response *made = calloc(1, sizeof *made);
    uint8_t *seed = malloc(SEED);
    RAND_bytes(seed, SEED);
    seed[0] &= 0x7f; /* below the order of P-256 */
    made->flags = flags;
    made->key_handle = seed;
    made->key_handle_len = SEED;
    if (alg == ED25519) {
        EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, SEED);
        made->public_key_len = 32;
        made->public_key = malloc(made->public_key_len);
        EVP_PKEY_get_raw_public_key(key, made->public_key, &made->public_key_len);
        EVP_PKEY_free(key);
    } else {
        EC_KEY *key = ec_key(seed);
        made->public_key_len = 65;
        made->public_key = malloc(made->public_key_len);
        EC_POINT_point2oct(EC_KEY_get0_group(key), EC_KEY_get0_public_key(key),
                           POINT_CONVERSION_UNCOMPRESSED, made->public_key, 65, NULL);
        EC_KEY_free(key);
    }
    made->signature = calloc(1, 1);
    made->signature_len = 1;
    *out = made;
    return 0;
}

int sk_sign(uint32_t alg, const uint8_t *data, size_t data_len, const char *application,
            const uint8_t *handle, size_t handle_len, uint8_t flags, const char *pin,
            void **options, struct sk_sign_response **out) {
    const char *told = getenv("COLDLEVER_SK_FLAGS");
    struct sk_sign_response *made = calloc(1, sizeof *made);
    uint8_t message[32 + 1 + 4 + 32];
    if (handle_len != SEED) return FAILED;
    made->flags = told ? (uint8_t)strtol(told, NULL, 16) : 0x01;
    made->counter = 7;
    SHA256((const uint8_t *)application, strlen(application), message);
    message[32] = made->flags;
    message[33] = message[34] = message[35] = 0;
    message[36] = (uint8_t)made->counter;
    SHA256(data, data_len, message + 37);
    if (alg == ED25519) {
        EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, handle, SEED);
        EVP_MD_CTX *context = EVP_MD_CTX_new();
        made->sig_r_len = 64;
        made->sig_r = malloc(made->sig_r_len);
        EVP_DigestSignInit(context, NULL, NULL, NULL, key);
        EVP_DigestSign(context, made->sig_r, &made->sig_r_len, message, sizeof message);
        EVP_MD_CTX_free(context);
        EVP_PKEY_free(key);
    } else {
        uint8_t digest[32];
        EC_KEY *key = ec_key(handle);
        const BIGNUM *r, *s;
        SHA256(message, sizeof message, digest);
        ECDSA_SIG *signature = ECDSA_do_sign(digest, sizeof digest, key);
        ECDSA_SIG_get0(signature, &r, &s);
        made->sig_r = malloc(32);
        made->sig_s = malloc(32);
        made->sig_r_len = made->sig_s_len = 32;
        BN_bn2binpad(r, made->sig_r, 32);
        BN_bn2binpad(s, made->sig_s, 32);
        ECDSA_SIG_free(signature);
        EC_KEY_free(key);
    }
    *out = made;
    return 0;
}

int sk_load_resident_keys(const char *pin, void **options, void ***keys, size_t *count) {
    return FAILED;
}

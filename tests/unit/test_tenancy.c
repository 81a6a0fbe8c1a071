// SPDX-License-Identifier: Apache-2.0
/* Tenants by cgroup. */
#include "collect/identity.h"
#include "harness/harness.h"

static struct tenancy tenancy;
static char error[256];

TEST(the_first_glob_that_matches_names_the_tenant)
{
	CHECK_INT(tenancy_parse(&tenancy, " shop=/shop.slice* lab=/lab/*  all=/* ", error,
				sizeof(error)),
		  0);
	CHECK_UINT(tenancy.count, 3);
	CHECK_STRING(tenancy_find(&tenancy, "/shop.slice/web.service"), "shop");
	CHECK_STRING(tenancy_find(&tenancy, "/lab/a"), "lab");
	CHECK_STRING(tenancy_find(&tenancy, "/lab"), "all");
	tenancy_free(&tenancy);
	CHECK_INT(tenancy_parse(&tenancy, "", error, sizeof(error)), 0);
	CHECK(tenancy_find(&tenancy, "/shop.slice") == NULL);
	tenancy_free(&tenancy);
}

TEST(what_is_no_tenant_is_refused)
{
	static const char *const wrong[] = {"shop", "=/a", "shop=a", "shop=", "a=/a b"};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		error[0] = '\0';
		CHECK_INT(tenancy_parse(&tenancy, wrong[i], error, sizeof(error)), -1);
		CHECK(strstr(error, "is not NAME=/PATH") != NULL);
	}
}

TEST(a_cgroup_has_the_tenant_and_a_pod_its_namespace)
{
	struct identity identity;
	struct cgroup *c;

	CHECK_INT(tenancy_parse(&tenancy, "shop=/shop.slice* all=/kube*", error, sizeof(error)), 0);
	identity_init(&identity);
	identity.tenancy = &tenancy;
	identity_learn(&identity, 7, "/shop.slice/web.service", 1);
	identity_learn(&identity, 8, "/kubepods/pod0a1b2c3d-0000-0000-0000-000000000001", 1);
	c = identity_known(&identity, 7);
	CHECK(c != NULL);
	CHECK_STRING(c->namespace, "shop");
	c = identity_known(&identity, 8);
	CHECK(c != NULL && c->namespace == NULL);
	identity_free(&identity);
	tenancy_free(&tenancy);
}

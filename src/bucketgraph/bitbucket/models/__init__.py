"""Wire structs, one module a resource: what Bitbucket sends, decoded tolerantly.

Every field but the identity is optional, unknown fields are ignored, and no enumeration is closed: recorded
answers do not conform to the official schema, so validation here means "has an identity and no value of a
hopeless type".
"""

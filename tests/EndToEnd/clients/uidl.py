"""Prints a POP3 account's unique-ids: uidl.py PORT CAFILE|- USER PASSWORD"""
import poplib, ssl, sys

port, ca, user, password = sys.argv[1:]
pop = poplib.POP3("localhost", int(port)) if ca == "-" else poplib.POP3_SSL("localhost", int(port), context=ssl.create_default_context(cafile=ca))
pop.user(user)
pop.pass_(password)
for line in pop.uidl()[1]:
    print(line.decode())
pop.quit()

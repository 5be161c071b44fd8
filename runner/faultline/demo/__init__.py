"""`faultline demo`: real work on real files, with crashes in the middle of it, and a proof that everything adds up.

files.py finds the files, work.py is what a job does, direct.py counts the same without any job, processes.py are the
runners, director.py injects the faults, evidence.py reads what happened, verdict.py judges it, narrator.py shows it.
"""

<?php
/** A statement that the database refused. Its message names no values. */
class ErpSync_DbError extends Exception
{
}
